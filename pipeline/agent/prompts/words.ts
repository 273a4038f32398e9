// The words that generated text is made of.

type Words = readonly [string, ...string[]];

const list = (text: string): Words => {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  return [first, ...rest];
};

export const NOUNS = list(`
  river bridge engine garden letter market teacher window harbour factory library mountain kitchen railway signal camera
  forest village doctor machine painting island journey message battery station bakery theatre valley orchard museum lantern
  captain farmer student printer carpet ladder pocket blanket cloud corner castle street tunnel tower ticket basket bottle
  candle curtain drawer feather glove hammer insect jacket kettle lemon mirror needle orange paper pencil pillow radio
  ribbon saddle shadow shelf shoulder soldier spoon storm sugar tailor thread violin wagon weather whistle winter worker
  archive circuit database network planet protein server sensor turbine compass archer barrel canal drummer editor ferry
`);

export const ADJECTIVES = list(`
  old quiet narrow bright heavy gentle broken distant early careful empty famous green hidden honest large late local
  modern patient plain proud quick rare round sharp silent simple slow small steady strange strong sudden tall thin warm
  wide wild wooden young clever curious dusty faithful golden humble lonely muddy polished reliable rusty salty useful
`);

export const VERBS = list(`
  carried found repaired watched followed painted counted opened closed borrowed measured answered remembered described
  crossed visited collected protected examined delivered replaced discovered ignored admired photographed ordered tested
  compared cleaned sketched guarded lifted missed noticed planned rescued sold bought studied taught turned used wanted
`);

export const ADVERBS = list(`
  slowly quickly often rarely carefully quietly suddenly gladly almost always never twice together alone again soon
`);

export const DETERMINERS = list("this that every one our their some her his another my its");

export const PLACES = list(`
  behind beside near under above inside outside across along through beyond around
`);

export const TIMES: Words = [
  "in the morning",
  "after the storm",
  "before noon",
  "every Tuesday",
  "last winter",
  "during the long night",
  "at the end of the year",
  "for several weeks",
  "when the bell rang",
  "since the spring",
  "on a rainy day",
  "between two meetings",
  "after a short rest",
  "at first light",
];

export const JOINERS: Words = [
  ", and",
  ", but",
  ", because",
  ", while",
  ", although",
  ", so that",
  "; later",
  ", until",
  ", whenever",
];
