/** The synthetic slices that come with the page; of no patient. */

export const EXAMPLES = [1, 2, 3, 4, 5, 6].map((number) => ({
  number,
  url: new URL(`examples/example-${number}.webp`, import.meta.url).href,
  small: new URL(`examples/small-${number}.webp`, import.meta.url).href,
}));

/** The file of an example. Fails with a TypeError, as fetch does, where the service is away. */
export async function exampleFile({ url }) {
  const response = await fetch(url);
  if (!response.ok) throw new TypeError(`${response.status}`);
  const blob = await response.blob();
  return new File([blob], url.slice(url.lastIndexOf("/") + 1), { type: blob.type });
}
