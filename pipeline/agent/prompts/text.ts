// English sentences by a small grammar: of as many words as wanted, different for each dice.
import { type Dice, oneOf } from "./dice.ts";
import { ADJECTIVES, ADVERBS, DETERMINERS, JOINERS, NOUNS, PLACES, TIMES, VERBS } from "./words.ts";

/** A new paragraph begins after so many sentences. */
const PARAGRAPH = 6;

/** Exactly `count` words in sentences and paragraphs, the last sentence cut where the count is reached. */
export function textOf(count: number, dice: Dice): string {
  const sentences: string[] = [];
  let left = count;
  while (left > 0) {
    const words = sentence(dice).split(" ");
    sentences.push(finished(words.slice(0, left).join(" ")));
    left -= words.length;
  }
  return sentences.reduce(
    (text, next, index) => index === 0 ? next : `${text}${index % PARAGRAPH === 0 ? "\n\n" : " "}${next}`,
    "",
  );
}

function sentence(dice: Dice): string {
  const first = clause(dice);
  const whole = dice() < 0.4 ? `${first}${oneOf(JOINERS, dice)} ${clause(dice)}` : first;
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`;
}

function clause(dice: Dice): string {
  const parts = [
    thing(dice),
    ...(dice() < 0.25 ? [oneOf(ADVERBS, dice)] : []),
    oneOf(VERBS, dice),
    thing(dice),
    ...(dice() < 0.4 ? [oneOf(PLACES, dice), thing(dice)] : []),
    ...(dice() < 0.3 ? [oneOf(TIMES, dice)] : []),
  ];
  return parts.join(" ");
}

function thing(dice: Dice): string {
  const adjective = dice() < 0.5 ? `${oneOf(ADJECTIVES, dice)} ` : "";
  return `${dice() < 0.6 ? "the" : oneOf(DETERMINERS, dice)} ${adjective}${oneOf(NOUNS, dice)}`;
}

function finished(text: string): string {
  return `${text.replace(/[,;]$/, "")}.`;
}
