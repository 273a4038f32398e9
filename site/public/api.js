// The interactive description of the API, from the OpenAPI document beside it.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

/** The token, the operations and the schemas alone: the page has its own head, and there is one server. */
const plainLayout = ({ React }) => ({
  components: {
    PlainLayout: ({ getComponent }) =>
      React.createElement(
        "div",
        { className: "swagger-ui" },
        ...["AuthorizeBtnContainer", "operations", "Models"].map((name) =>
          React.createElement(getComponent(name, true), { key: name })
        ),
      ),
  },
});

SwaggerUIBundle({
  url: "schema/openapi.json",
  domNode: document.getElementById("swagger"),
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  plugins: [plainLayout],
  layout: "PlainLayout",
});
