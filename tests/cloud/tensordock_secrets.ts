// TensorDock's secrets: SSH keys and other values that an account keeps by name; a value is told only when one is asked for.
import type { Asked, Reply } from "./server.ts";

interface Secret {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export function done(message: string): Reply {
  return { json: { data: { type: "success", attributes: { message } } } };
}

/** There is no such thing, in its own words. */
export function missing(what: string): Reply {
  return { status: 404, json: { error: `${what} not found` } };
}

export function secretStore(): (asked: Asked) => Reply {
  const secrets = new Map<string, Secret>();
  return ({ method, path, body }) => {
    const id = path.split("/")[2] ?? "";
    if (method === "POST") {
      const { name, type, value } = (body as { data: { attributes: Omit<Secret, "id"> } }).data.attributes;
      const secret = { id: crypto.randomUUID(), name, type, value };
      secrets.set(secret.id, secret);
      return { status: 201, json: { data: { id: secret.id, name, type } } };
    }
    if (id === "") {
      const shown = [...secrets.values()].map(({ id, name, type }) => ({ id, name, type }));
      return { json: { data: { secrets: shown } } };
    }
    if (method === "DELETE") return secrets.delete(id) ? done("deleted") : missing("Secret");
    const data = secrets.get(id);
    return data === undefined ? missing("Secret") : { json: { data } };
  };
}
