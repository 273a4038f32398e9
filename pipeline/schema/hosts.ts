// runs/hosts.json: the user's own machines, for the provider `ssh`. Private: not part of the repository.
import { z } from "zod";
import { SshHost, SshUser } from "./machine.ts";
import { plainName } from "./plain_text.ts";

export const Host = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,40}$/).meta({
    description: "Short name, unique in the list.",
  }),
  host: SshHost.meta({ description: "Address, or a name of your SSH configuration." }),
  port: z.int().min(1).max(65_535).optional().meta({
    description: "Port; default: your SSH configuration's, else 22.",
  }),
  user: SshUser.optional().meta({ description: "Login; default: your SSH configuration's." }),
  key_file: z.string().min(1).optional().meta({
    description: "File of your private key for it; default: your SSH configuration's.",
  }),
  gpu: plainName().default("any").meta({ description: "GPU by its name in data/catalog/gpus.json." }),
  gpu_count: z.int().min(0).default(1).meta({ description: "Number of GPUs." }),
  price_per_hour: z.number().positive().optional().meta({
    description: "US dollars per hour to publish, e.g. for power and wear.",
  }),
  location: plainName(80).optional().meta({ description: "Where it stands, e.g. DE." }),
}).meta({ id: "Host", description: "A machine of your own that takes your SSH key." });

export const Hosts = z.strictObject({
  $schema: z.string().optional().meta({ description: "Path of the JSON Schema, for editors." }),
  hosts: z.array(Host).min(1).meta({ description: "Machines, one lease at a time on each." }),
}).meta({ id: "Hosts", description: "runs/hosts.json" });

export type Host = z.infer<typeof Host>;
export type Hosts = z.infer<typeof Hosts>;
