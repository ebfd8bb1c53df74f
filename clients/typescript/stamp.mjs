// Writes into the generated types which schema they were made from, so that a test can tell.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const schema = readFileSync(new URL('../../services/api/pages/openapi.json', import.meta.url));
const types = new URL('src/schema.d.ts', import.meta.url);
const hash = createHash('sha256').update(schema).digest('hex');
writeFileSync(types, `// Made from schema ${hash}\n${readFileSync(types, 'utf8')}`);
