// A unit's page: forms open over it, all cases are chosen at once.

import "./form_dialog.js";
