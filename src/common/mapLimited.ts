/**
 * Runs `action` for all items, at most `limit` at once; results keep the order of the items. Rejects at the first
 * rejection, so an action that must not stop the others catches its own errors.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await action(item); // all lanes take from the same iterator
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
