// Static pages, every style and script a file of its own (the content security policy allows nothing inline).
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "static",
  build: { format: "file", inlineStylesheets: "never" },
  compressHTML: true,
  devToolbar: { enabled: false },
});
