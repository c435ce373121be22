// All checks of the templates, in one file: with separate files, "node --test" would write
// the templates again for each.
import './language.mjs';
import './schema.mjs';
import './nag.mjs';
import './guard.mjs';
import './iam.mjs';
