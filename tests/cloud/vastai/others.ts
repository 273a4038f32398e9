// What Vast.ai's own client asks for besides, and we do not.
import type { Cloud, CloudMachine } from "../cloud.ts";
import type { Asked, Reply } from "../server.ts";
import { NOT_FOUND } from "./replies.ts";

export interface Question {
  readonly asked: Asked;
  readonly cloud: Cloud;
  /** The one that its path names. */
  readonly machine: CloudMachine | undefined;
  /** Names of GPUs, as it tells them. */
  readonly gpus: () => readonly string[];
  /** All instances, as it tells them. */
  readonly instances: () => readonly unknown[];
}

type Answers = Readonly<Record<string, (question: Question) => Reply>>;

/** What anyone may ask, without a key. */
export const OPEN: Answers = {
  "GET /v0/gpu_names/unique/": ({ gpus }) => ({ json: { success: true, gpu_names: gpus() } }),
  // Whoever knows where a log lies may read it.
  "GET /logs/N": ({ machine }) =>
    machine === undefined
      ? { status: 403, text: "AccessDenied" }
      : { text: `${machine.words}\nServer listening on 0.0.0.0 port 22.` },
};

export const OTHERS: Answers = {
  "GET /v0/users/current": () => ({ json: { id: 7, credit: 25, host_agreement_accepted: false } }),
  "GET /v0/instances/filters/": ({ instances }) => ({ json: { success: true, filters: instances() } }),
  "PUT /v0/instances/N/": ({ machine, asked }) => {
    if (machine === undefined) return NOT_FOUND;
    machine.label = (asked.body as { label: string }).label;
    return { json: { success: true } };
  },
  "PUT /v0/instances/request_logs/N/": ({ machine, asked: { headers } }) =>
    machine === undefined
      ? NOT_FOUND
      : { json: { success: true, result_url: `http://${headers.host}/logs/${machine.id}` } },
};
