/** Truth from folder names, by the rule of the command line: id, then alias, never by position. */

/**
 * The class that a path's folders name, the innermost first.
 * @param {string} path with slashes; the last part is the file.
 * @param {{id: string, aliases: string[]}[]} classes
 * @returns {{id: string, alias: string|null}|null}
 */
export function truthOf(path, classes) {
  const folders = path.split("/").slice(0, -1).reverse();
  for (const folder of folders) {
    const name = folder.trim().toLowerCase();
    const byId = classes.find((one) => one.id.toLowerCase() === name);
    if (byId) return { id: byId.id, alias: null };
    const byAlias = classes.find((one) => (one.aliases ?? []).some((alias) => alias.toLowerCase() === name));
    if (byAlias) return { id: byAlias.id, alias: folder };
  }
  return null;
}
