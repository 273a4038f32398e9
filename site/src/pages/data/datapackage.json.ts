// The data package beside the files it describes.
import { dataPackage } from "../../lib/dataset.ts";
import { described } from "../../lib/described.ts";

export const GET = () => new Response(`${JSON.stringify(dataPackage(described), null, 2)}\n`);
