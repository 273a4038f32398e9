// Paths of somebody's computer never reach what is published: of a model's path its name remains, of a home directory `~`.
import { equal, ok } from "node:assert/strict";
import { pathRemover, publicFlag, publicModelName, withoutHomes } from "../pipeline/schema/local_paths.ts";

const NAMES: Readonly<Record<string, string>> = {
  "/home/ann/models/qwen2.5-7b-q4_k_m.gguf": "qwen2.5-7b-q4_k_m.gguf",
  "/Users/ann/Library/Models/Llama-3.1-8B/": "Llama-3.1-8B",
  "/root/.cache/huggingface/hub/models--Qwen--Qwen2.5-7B-Instruct/snapshots/a09a35458c702b33eeacc393d103063234e8bc28":
    "Qwen/Qwen2.5-7B-Instruct",
  "/data/hub/snapshots/a09a35458c702b33eeacc393d103063234e8bc28/": "hub",
  "/mnt/ann/Mistral-7B-v0.3/snapshots/0123456789abcdef0123456789abcdef01234567": "Mistral-7B-v0.3",
  "C:\\Users\\Ann Doe\\models\\phi3.gguf": "phi3.gguf",
  "C:/Users/ann/models/phi3": "phi3",
  "d:\\llm\\gemma": "gemma",
  "\\\\server\\ann\\gemma": "gemma",
  "file:///home/ann/models/a%20b.gguf": "a b.gguf",
  "FILE:///C:/Users/ann/x.gguf": "x.gguf",
  "~/models/x": "x",
  "~ann/models/x": "x",
  "./models/ann/x": "x",
  "../x": "x",
  "models\\x.gguf": "x.gguf",
  "work/ann/x.gguf": "x.gguf",
  "home/ann/models/x": "x",
  "Users/ann/x": "x",
  "/home/ann": "unnamed",
  "/": "unnamed",
  "~": "unnamed",
  "/models/x.gguf:Q4_K_M": "x.gguf:Q4_K_M",
  "hosted_vllm//root/models/Qwen2.5-7B": "Qwen2.5-7B",
  "lora:/data/ann/x": "x",
  "mine at /home/ann/x": "x",
  "https://huggingface.co/Qwen/Qwen2.5-7B": "https://huggingface.co/Qwen/Qwen2.5-7B",
  "qwen2:7b": "qwen2:7b",
  "Qwen/Qwen2.5-7B-Instruct": "Qwen/Qwen2.5-7B-Instruct",
  "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M": "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M",
  "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M": "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
  "accounts/fireworks/models/llama-v3p1-8b": "accounts/fireworks/models/llama-v3p1-8b",
  "synthetic:42m": "synthetic:42m",
  "home/assistant": "home/assistant",
  "/Users/Ann Smith": "unnamed",
  "/Users/Ann Smith/m.gguf": "m.gguf",
  "file:///C:/Users/Ann%20Smith/m.gguf": "m.gguf",
  "/models/models--Qwen--Qwen2.5--7B/x": "Qwen/Qwen2.5--7B",
};

for (const [name, shown] of Object.entries(NAMES)) {
  Deno.test(`the model ${name} is published as ${shown}`, () => {
    equal(publicModelName(name), shown);
    equal(publicModelName(shown), shown);
  });
}

const TEXTS: Readonly<Record<string, string>> = {
  "cannot open /home/ann/models/x.gguf: denied": "cannot open ~/models/x.gguf: denied",
  "in (/Users/ann/x) and '/home1/bob'": "in (~/x) and '~'",
  'File "C:\\Users\\Ann Doe\\venv\\x.py", line 3': 'File "~\\venv\\x.py", line 3',
  '{"message":"C:\\\\Users\\\\ann\\\\x"}': '{"message":"~\\\\x"}',
  '{"path":"\\/home\\/ann\\/x","other":"\\u002fhome\\u002fann\\u002fx"}':
    '{"path":"~\\/x","other":"~\\u002fx"}',
  "file:///home/ann/x and /mnt/c/Users/ann/x": "~/x and /mnt/c/~/x",
  "?path=%2Fhome%2Fann%2Fx": "?path=~%2Fx",
  "--cache=/root/.cache, ~ann/x, PATH=/usr/bin:/home/ann/bin": "--cache=~/.cache, ~/x, PATH=/usr/bin:~/bin",
  "/v1/chat/completions at http://127.0.0.1:8000/v1": "/v1/chat/completions at http://127.0.0.1:8000/v1",
  "cannot open /Users/Ann Smith/x and C:/Users/Ann Smith/y": "cannot open ~/x and ~/y",
  "file:///C:/Users/Ann%20Smith/x, '/Users/Ann Smith' is": "~/x, '~' is",
  "/Users/Ann Maria de la Cruz/x": "~/x",
  "/Users/ann is not there, /Users/ann and a/b": "~ is not there, ~/b",
  "C:\\Users\\\u0410\u043d\u043d\u0430 Secret\\m": "~\\m",
  '{"path":"/home/j\\u00fcrgen/x"}': '{"path":"~/x"}',
  "on /media/ann/usb/x, /run/media/ann/usb/y and /Volumes/Ann Disk/z": "on ~/usb/x, ~/usb/y and ~/z",
  "at \\\\server\\share$\\x and \\\\nas\\home\\ann\\y": "at ~\\x and ~\\y",
  '{"path":"\\\\\\\\nas\\\\homes\\\\ann\\\\x"}': '{"path":"~\\\\x"}',
  "GET https://x.org/users/42, https://x.org/media/a/b.png, /volumes/create or /media/upload":
    "GET https://x.org/users/42, https://x.org/media/a/b.png, /volumes/create or /media/upload",
  "1/2 of 2024/01/02 as text/html or image/media/x, \\\\n\\\\nfoo":
    "1/2 of 2024/01/02 as text/html or image/media/x, \\\\n\\\\nfoo",
  "open /home/CORP/ann/x, '/home/Ann Smith/y' and \\\\?\\UNC\\nas\\ann\\z": "open ~/x, '~/y' and ~\\z",
  '{"path":"\\\\\\\\?\\\\UNC\\\\nas\\\\ann\\\\z"}': '{"path":"~\\\\z"}',
  "cannot open /home/alice or read docs/index": "cannot open ~ or read docs/index",
  "the root of 4, /rootless and ~5 s": "the root of 4, /rootless and ~5 s",
};

Deno.test("homes in words of others become ~, all else stays", () => {
  for (const [text, shown] of Object.entries(TEXTS)) {
    equal(withoutHomes(text), shown);
    equal(withoutHomes(shown), shown);
  }
});

Deno.test("a model's own path is taken out of all words about it, as it is and as JSON writes it", () => {
  const model = "/data/ann/models/x.gguf";
  const remove = pathRemover(model, "/people/ann");
  equal(remove(`model '${model}' not found in /data/ann/models/`), "model 'x.gguf' not found in ");
  equal(remove("/people/ann/.cache"), "~/.cache");
  const windows = "D:\\llm ann\\x.gguf";
  equal(pathRemover(windows, null)(JSON.stringify({ no: windows })), '{"no":"x.gguf"}');
  equal(pathRemover("qwen2:7b", null)("qwen2:7b is not here"), "qwen2:7b is not here");
  equal(pathRemover("/", "/")("a/b"), "a/b");
});

Deno.test("flags of an engine tell no folder", () => {
  equal(publicFlag("/srv/ann/chat.jinja"), "chat.jinja");
  equal(publicFlag("--download-dir=/srv/ann/hub"), "--download-dir=hub");
  equal(
    publicFlag('--speculative-config={"model":"/srv/ann/eagle","k":2}'),
    '--speculative-config={"model":"eagle","k":2}',
  );
  equal(publicFlag("--log=x,/home/ann/y"), "--log=x,~/y");
  equal(publicFlag("l=/srv/ann/lora"), "l=lora");
  equal(publicFlag("--lora-modules=l=/srv/ann/lora"), "--lora-modules=l=lora");
  equal(publicFlag("--download-dir /srv/Ann Doe/hub"), "--download-dir hub");
  equal(publicFlag("--model /srv/ann/m --port 8000 --d=/srv/ann/hub"), "--model m --port 8000 --d=hub");
  for (const flag of ["--gpu-memory-utilization=0.9", "-ngl", "99", "Qwen/Qwen2.5-7B", '{"a":"b/c"}']) {
    equal(publicFlag(flag), flag);
  }
});

const PARTS = [
  "/",
  "\\",
  "%2f",
  "\\u002f",
  "/home/",
  "/home",
  "C:\\Users\\",
  "/users/a ",
  "/users/%20",
  "~a",
  "file:/",
  "a:",
  "--a",
  "\\\\ab",
  '"',
  "a=",
  "-a ",
];

Deno.test("names, flags and words are searched in one go, whatever they repeat", () => {
  for (const part of PARTS) {
    const text = part.repeat(2 ** 17 / part.length);
    for (const begun of [text, `/${text}\n`, `/models--${text}\n`, `--x=${text}`]) {
      ok(publicModelName(begun).length > 0);
      ok(publicFlag(begun).length > 0);
    }
  }
  for (const part of ["/", "\\", "/home/", "C:\\Users\\"]) {
    ok(withoutHomes(part.repeat(4 * 2 ** 20 / part.length)).length > 0);
  }
});
