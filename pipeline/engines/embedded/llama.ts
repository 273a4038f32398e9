// llama.cpp through node-llama-cpp: loads a GGUF file and gives its slots, which are the sequences of one
// context. On a GPU, slots that run together are decoded in one batch; on a CPU the binding's own order was faster (a batch
// of two took about three times as long as one). Never builds or downloads anything.
import {
  type ChatHistoryItem,
  getLlama,
  GgufFileType,
  type Llama,
  type LlamaContextSequence,
  type LlamaModel,
  resolveChatWrapper,
  type Token,
} from "node-llama-cpp";
import { messageOf, UserError } from "../../errors.ts";
import { inStep } from "./batching.ts";
import type { ModelCard } from "./card.ts";
import type { FinishReason } from "./frames.ts";
import { randomWeights, weightsKey } from "./gguf.ts";
import type { GenerationOptions, Slot, TextModel } from "./http.ts";
import type { ModelFile } from "./models.ts";
import { Pool } from "./pool.ts";
import type { Message } from "./requests.ts";

const BINDING_VERSION = "3.21.1";
/** Stands for a token that has no text of its own: part of a character, or a control token. */
const NO_TEXT = "\uFFFD";
/** Earlier tokens that decide how the next one is spelled (leading spaces). */
const RECENT_TOKENS = 4;

/** How to load: `context` tokens for each of `slots` requests at once, on `threads` CPU threads. */
export interface LoadOptions {
  readonly slots: number;
  readonly context: number;
  readonly threads: number;
}

/** Loads `file` on the best device there is; a UserError says why it cannot be loaded. */
export async function loadModel(name: string, file: ModelFile, options: LoadOptions): Promise<TextModel> {
  try {
    const llama = await bestLlama(options.threads);
    const model = await llama.loadModel({ modelPath: file.path });
    let active = 0;
    const context = await model.createContext({
      sequences: options.slots,
      contextSize: options.context,
      threads: options.threads,
      ...(llama.gpu === false ? {} : { batching: { itemPrioritizationStrategy: inStep(() => active) } }),
    });
    const enter = () => {
      active += 1;
      return { [Symbol.dispose]: () => void (active -= 1) };
    };
    const slots = Array.from({ length: options.slots }, () => slotOf(model, context.getSequence(), enter));
    const chat = resolveChatWrapper(model);
    return {
      name,
      card: cardOf(llama, model, file, { ...options, context: context.contextSize }),
      slots: new Pool(slots),
      tokenize: (input) => {
        if (typeof input === "string") return withBos(model, model.tokenize(input));
        const { contextText } = chat.generateContextState({ chatHistory: historyOf(input) });
        return withBos(model, contextText.tokenize(model.tokenizer));
      },
    };
  } catch (error) {
    throw new UserError(
      `Cannot load the model ${file.path}: ${messageOf(error).split("\n")[0]}`,
      "Check that the file is a complete GGUF model and that it fits this machine's memory.",
      { cause: error },
    );
  }
}

async function bestLlama(maxThreads: number): Promise<Llama> {
  const options = {
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads,
    logger: (_level: string, message: string) => {
      Deno.stderr.writeSync(new TextEncoder().encode(`${message.trimEnd()}\n`));
    },
  } as const;
  try {
    return await getLlama({ ...options, gpu: "auto" });
  } catch {
    return await getLlama({ ...options, gpu: false });
  }
}

function slotOf(model: LlamaModel, sequence: LlamaContextSequence, enter: () => Disposable): Slot {
  return {
    async *generate(tokens, options): AsyncGenerator<string, FinishReason> {
      await sequence.clearHistory();
      using _active = enter();
      const recent: Token[] = [];
      let count = 0;
      for await (const token of sequence.evaluate(tokens as Token[], sampling(options))) {
        if (options.signal.aborted) return "stop";
        if (!options.ignore_eos && model.isEogToken(token)) return "stop";
        yield model.detokenize([token], false, recent) || NO_TEXT;
        count += 1;
        if (count >= options.max_tokens) return "length";
        recent.push(token);
        if (recent.length > RECENT_TOKENS) recent.shift();
      }
      return "stop";
    },
  };
}

function sampling({ temperature, seed }: GenerationOptions) {
  return { temperature, yieldEogToken: true, ...(seed === undefined ? {} : { seed }) };
}

function withBos(model: LlamaModel, tokens: readonly Token[]): Token[] {
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : [...tokens];
}

function historyOf(messages: readonly Message[]): ChatHistoryItem[] {
  const items = messages.map(({ role, content }): ChatHistoryItem =>
    role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content }
  );
  return [...items, { type: "model", response: [] }];
}

function cardOf(llama: Llama, model: LlamaModel, file: ModelFile, options: LoadOptions): ModelCard {
  const { metadata, fullTensorInfo } = model.fileInfo;
  const tensors = fullTensorInfo ?? [];
  const elements = tensors.map((tensor) =>
    tensor.dimensions.reduce<number>((product, n) => product * Number(n), 1)
  );
  const [section = "", key = ""] = weightsKey.split(".");
  const custom = Object.entries(metadata).find(([name]) => name === section)?.[1];
  const weights = Object.entries(custom ?? {}).find(([name]) => name === key)?.[1];
  const fileType = metadata.general.file_type;
  return {
    size_bytes: file.size_bytes,
    parameter_count: elements.reduce((sum, count) => sum + count, 0),
    quantization: fileType === undefined ? "unknown" : quantizationName(GgufFileType[fileType]),
    family: metadata.general.architecture,
    weights: weights === randomWeights ? "random" : "real",
    runtime_version: `${llama.llamaCppRelease.release} (node-llama-cpp ${BINDING_VERSION})`,
    digest: file.digest,
    context_length: options.context,
    slots: options.slots,
    device: llama.gpu || "cpu",
    threads: options.threads,
    size_vram_bytes: model.memoryUsage.vram,
  };
}

/** `MOSTLY_Q8_0` and `ALL_F32` in llama.cpp's words are Q8_0 and F32 in everybody's. */
function quantizationName(fileType: string | undefined): string {
  return fileType?.replace(/^(MOSTLY|ALL)_/, "") ?? "unknown";
}
