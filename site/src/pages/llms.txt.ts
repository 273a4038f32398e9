// What the almanac is and where its data lies, for programs that read text.
import { ENDPOINTS } from "../../../pipeline/schema/endpoints.ts";
import { SIMULATED } from "../../../pipeline/schema/mark.ts";
import { index } from "../lib/data.ts";

export const GET = () => new Response(text());

function text(): string {
  const questions = Object.values(ENDPOINTS).map(({ asks, files }) =>
    files.map((file) =>
      `- ${file.includes("<") ? `\`api/v1/${file}\`` : `[${file}](api/v1/${file})`}: ${asks}`
    )
  );
  return `# GPU Almanac

> Which rented GPU gives the most tokens per dollar for a language model, measured, with the raw evidence.

${index.models.length} models, ${index.gpus.length} GPUs. Every answer is a file of JSON; names of models and GPUs stand with their paths in [index.json](api/v1/index.json).${
    index.simulated === true ? ` ${SIMULATED}` : ""
  }

## Answers

${questions.flat().join("\n")}

## Data

- [data.html](data.html): every table as Parquet, CSV and DuckDB, and what each column means
- [method.html](method.html): how the figures are measured and computed
- [schema/openapi.json](schema/openapi.json): the API
`;
}
