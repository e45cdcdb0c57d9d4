// Everything works without this script; it only makes the pages quicker.
import htmx from "htmx.org";
import { listen } from "./live";
import { openSearchWithKeys } from "./palette";

htmx.config.includeIndicatorCSS = false;

openSearchWithKeys();
listen();
