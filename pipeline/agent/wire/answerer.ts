// Who answers, as the messages of a stream say it. Pure.
import { publicModelName } from "../../schema/local_paths.ts";
import { cutText } from "../../schema/text.ts";
import { isSameModel } from "../same_model.ts";

export interface Answerer {
  /** As it may be published; null where it is the very name that was asked for. */
  readonly name: string | null;
  /** Whether it is the model that was asked for; null where the names do not say. */
  readonly same: boolean | null;
}

const MOST_CHARACTERS = 200;

/** Tells the model that a message names, when it is another than the one before named. */
export function answererOf(
  asked: string,
): (message: { readonly model?: unknown }) => { readonly model?: Answerer } {
  let last: unknown;
  return ({ model }) => {
    if (typeof model !== "string" || model === "" || model === last) return {};
    last = model;
    if (model === asked) return { model: { name: null, same: true } };
    const name = cutText(publicModelName(model), MOST_CHARACTERS);
    return { model: { name, same: isSameModel(asked, model) } };
  };
}
