/** `/export/TABLE`: a table of the OLAP store that this process writes, as a Parquet file. */
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { opened, refuse, type SqlOptions } from './routes.js';

export function addCopies(app: FastifyInstance, { store, guard }: SqlOptions): void {
  app.get<{ Params: { readonly table: string } }>('/export/:table', { preHandler: guard }, async (request, reply) => {
    const file = await opened(store).copy(request.params.table).catch(refuse(404));
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
