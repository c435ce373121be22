// All checks of the templates. They are not files of their own to "node --test", which
// would have each write the templates again.
import './language.mjs';
import './schema.mjs';
import './nag.mjs';
import './guard.mjs';
import './iam.mjs';
