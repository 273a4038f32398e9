// A badge of a model.
import { index } from "../../lib/data.ts";
import { badgesOf } from "../../lib/badges.ts";

export function getStaticPaths() {
  return index.models.flatMap(badgesOf).map(({ path, svg }) => ({
    params: { name: path.slice("badge/".length, -".svg".length) },
    props: { svg },
  }));
}

export const GET = ({ props }: { props: { svg: string } }) => new Response(props.svg);
