/** The modules of the page under test; PAGE names their folder. */
import { pathToFileURL } from "node:url";
import path from "node:path";

export const page = (module) => import(pathToFileURL(path.join(process.env.PAGE, module)));
