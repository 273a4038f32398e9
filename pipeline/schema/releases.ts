// The versions that come to a rented machine where a matrix asks for none: the newest stable ones when this release was made.
// Read on 28 November 2026: vLLM, SGLang and uv from PyPI, Deno from npm, Ollama and llama.cpp from the newest release of theirs
// that could be found. To take newer ones: a version here, with its checksums as the publisher tells them.
import type { EngineName } from "./names.ts";

/** Processors that programs come for, as `uname -m` names them. */
export type Processor = "x86_64" | "aarch64";

export interface Release {
  readonly version: string;
  /** Where it can be read. */
  readonly page: string;
  /** SHA-256 of the file that is fetched, for Linux; null: not known here, its publisher is asked. */
  readonly sha256: Readonly<Record<Processor, string>> | null;
}

export const PROGRAMS = ["ollama", "llama.cpp", "vllm", "sglang", "uv", "deno"] as const;
export type Program = typeof PROGRAMS[number];
export type Releases = Readonly<Record<Program, Release>>;

export const RELEASES: Releases = {
  ollama: {
    version: "0.40.2",
    page: "https://github.com/ollama/ollama/releases/tag/v0.40.2",
    sha256: {
      x86_64: "726bee78706c281b0eeef00746efe51a044d71c592c3f0b195820707f31fdf04",
      aarch64: "92b3ef3d5e10f5849273bfa1345000f2a8ce8bc834e95061ff5b9df5d08e3c3f",
    },
  },
  // The build of release v0.6.0, as that release's nightly-tag.txt names it.
  "llama.cpp": {
    version: "b11429",
    page: "https://github.com/ggml-org/llama.cpp/releases/tag/b11429",
    sha256: {
      x86_64: "632c4e98feba2b94407a2130e3133e0c3aefb0ea1ab41337e926d8bfafdd0b74",
      aarch64: "702d99c4219b4314cc6d3b10fb41ae96cbfc68226305c2681269dfb51487af34",
    },
  },
  vllm: {
    version: "0.33.0",
    page: "https://github.com/vllm-project/vllm/releases/tag/v0.33.0",
    sha256: null,
  },
  sglang: {
    version: "0.5.23",
    page: "https://github.com/sgl-project/sglang/releases/tag/v0.5.23",
    sha256: null,
  },
  uv: {
    version: "0.13.9",
    page: "https://github.com/astral-sh/uv/releases/tag/0.13.9",
    sha256: null,
  },
  deno: {
    version: "2.9.6",
    page: "https://github.com/denoland/deno/releases/tag/v2.9.6",
    sha256: {
      x86_64: "394f07f4da2bebe6ce6f1e7ce0fa16429b29b08c35e3fac3fe25972676dff4b2",
      aarch64: "9a46afc6c392c7cd2ff71a31558935545b46408d0e87f7a86908c712721c046e",
    },
  },
};

/** Asks for the newest stable version there is when the machine is set up. */
export const LATEST = "latest";
/** Whether what runs is the newest cannot be seen; whether it is a certain one can. */
export const RUNS_ALREADY =
  `${LATEST} is for rented machines: name the version of an engine that runs already`;

/** The form of a version of each engine that can be installed. */
const FORMS: Partial<Record<EngineName, RegExp>> = {
  ollama: /^\d+\.\d+\.\d+(-rc\d+)?$/,
  vllm: /^\d+\.\d+(\.\d+)*(rc\d+)?(\.post\d+)?$/,
  sglang: /^\d+\.\d+(\.\d+)*(rc\d+)?(\.post\d+)?$/,
  "llama.cpp": /^b\d+$/,
};

/** Engines of which a version can be asked for. */
export const VERSIONED_ENGINES = Object.keys(FORMS) as EngineName[];

/** Why `version` cannot be asked of an engine; null when it can. */
export function whyNoVersion(engine: EngineName, version: string): string | null {
  const form = FORMS[engine];
  if (form === undefined) return `only ${VERSIONED_ENGINES.join(", ")} take a version`;
  if (version === LATEST || form.test(version)) return null;
  return `"${version}" is no version of ${engine}; known are ${LATEST} and versions such as ${
    usualVersion(engine)
  }`;
}

/** The version of an engine that is installed where none is asked for; null when it is never installed. */
export function usualVersion(engine: EngineName, releases: Releases = RELEASES): string | null {
  return engine === "openai" || engine === "embedded" ? null : releases[engine].version;
}

/** Whether an engine that tells `told` is of version `asked`: told may name the build besides (`0.33.0+cu129`, `b11429-d81235049`). */
export function isVersion(asked: string, told: string): boolean {
  return told === asked || told.split("+")[0] === asked ||
    (/^b\d+$/.test(asked) && told.startsWith(`${asked}-`));
}
