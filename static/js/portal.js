// The portal's own script: one module a behaviour, each of them optional. Without any of it every page still works.
import { start as autosave } from "./autosave.js";
import { start as beacon } from "./beacon.js";
import { start as companions } from "./companions.js";
import { start as composer } from "./composer.js";
import { start as copying } from "./copying.js";
import { start as dialogs } from "./dialogs.js";
import { start as filling } from "./filling.js";
import { start as flight } from "./flight.js";
import { start as folds } from "./folds.js";
import { start as growth } from "./growth.js";
import { start as guard } from "./guard.js";
import { start as holds } from "./holds.js";
import { start as inline } from "./inline.js";
import { start as navigation } from "./navigation.js";
import { start as outline } from "./outline.js";
import { start as pairs } from "./pairs.js";
import { start as pictures } from "./pictures.js";
import { start as polls } from "./polls.js";
import { start as problems } from "./problems.js";
import { start as selection } from "./selection.js";
import { start as sessions } from "./sessions.js";
import { start as shortcuts } from "./shortcuts.js";
import { start as snippets } from "./snippets.js";
import { start as swaps } from "./swaps.js";
import { start as times } from "./times.js";
import { start as toasts } from "./toasts.js";
import { start as undo } from "./undo.js";

document.documentElement.classList.add("has-script");

for (const start of [sessions, guard, autosave, flight, swaps, problems, inline, pictures, pairs, companions, outline, filling, growth, folds, navigation, dialogs, toasts, copying, times, shortcuts, selection, undo, composer, holds, polls, snippets, beacon]) {
  try {
    start();
  } catch (error) {
    // One behaviour that this browser cannot carry must not take the others with it.
    console.warn(error);
  }
}
