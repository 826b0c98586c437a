/**
 * Moves labels of a column apart, as little as it takes: neighbours that would
 * touch become a block, which stands where its members wish on average.
 */
interface Block {
  /** What the first one would have to be at for each member to be where it wishes. */
  readonly wishes: number[];
  readonly members: number[];
}

/**
 * @param wishes where each would stand best.
 * @returns where each stands, in the order given, at least `distance` from each other and between `from` and `to`
 *   as far as there is room.
 */
export function apart(wishes: readonly number[], distance: number, from: number, to: number): number[] {
  const length = (block: Block): number => (block.members.length - 1) * distance;
  const start = (block: Block): number => {
    const mean = block.wishes.reduce((sum, wish) => sum + wish, 0) / block.wishes.length;
    return Math.max(from, Math.min(mean, to - length(block)));
  };
  const blocks: Block[] = [];
  const inOrder = wishes.map((wish, index) => ({ wish, index })).sort((one, other) => one.wish - other.wish);
  for (const { wish, index } of inOrder) {
    let block: Block = { wishes: [wish], members: [index] };
    for (;;) {
      const before = blocks.at(-1);
      if (before === undefined || start(before) + length(before) + distance <= start(block)) break;
      blocks.pop();
      const shift = before.members.length * distance;
      block = {
        wishes: [...before.wishes, ...block.wishes.map((one) => one - shift)],
        members: [...before.members, ...block.members],
      };
    }
    blocks.push(block);
  }
  const places = wishes.map(() => from);
  for (const block of blocks) {
    for (const [index, member] of block.members.entries()) places[member] = start(block) + index * distance;
  }
  return places;
}
