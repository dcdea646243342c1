/** `/export/TABLE`: a table of the OLAP store that this process writes, as a Parquet file. */
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Refused } from '../refused.js';
import type { SqlOptions } from './routes.js';
import { SqlError } from './sql-store.js';

export function addCopies(app: FastifyInstance, { store, guard }: SqlOptions): void {
  app.get<{ Params: { readonly table: string } }>('/export/:table', { preHandler: guard }, async (request, reply) => {
    const { table } = request.params;
    const open = store();
    if (open === null) throw new Refused(404, 'no_store', 'there is no OLAP store: no sink with `table:` runs in this process');
    const file = await open.copy(table).catch((error: unknown) => {
      if (!(error instanceof SqlError)) throw error;
      throw error.code === 'busy' ? new Refused(503, error.code, error.message, 1) : new Refused(404, error.code, error.message);
    });
    const { size } = await stat(file);
    const bytes = createReadStream(file);
    bytes.once('close', () => {
      rm(file, { force: true }).catch((error: unknown) => {
        request.log.warn(error);
      });
    });
    return reply.type('application/vnd.apache.parquet').header('content-length', size).send(bytes);
  });
}
