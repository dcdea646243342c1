import type { AddCommand } from '../program.js';
import { addAlerts } from './alerts.js';
import { addCheck } from './check.js';
import { addDlq } from './dlq.js';
import { addDoctor } from './doctor.js';
import { addDemo } from './demo.js';
import { addDev } from './dev.js';
import { addExplain } from './explain.js';
import { addExport } from './export.js';
import { addFmt } from './fmt.js';
import { addGenerate } from './generate.js';
import { addInit } from './init.js';
import { addLag } from './lag.js';
import { addQuery } from './query.js';
import { addSql } from './sql.js';
import { addRegistry } from './registry.js';
import { addState } from './state.js';
import { addSchema } from './schema.js';
import { addTail } from './tail.js';
import { addTest } from './test.js';
import { addTopics } from './topics.js';
import { addDeploy } from './deploy.js';
import { addPlan } from './plan.js';
import { addHistory, addPause, addPromote, addResume, addRollback } from './deployments.js';
import { addPs } from './ps.js';
import { addWorker } from './worker.js';
import { addReset } from './reset.js';
import { addRun } from './run.js';

/** Every command, in the order of `rta --help`. */
export const commands: readonly AddCommand[] = [
  addInit,
  addCheck,
  addFmt,
  addTest,
  addRun,
  addPlan,
  addDeploy,
  addWorker,
  addPs,
  addHistory,
  addPause,
  addResume,
  addRollback,
  addPromote,
  addDemo,
  addDev,
  addExplain,
  addGenerate,
  addTopics,
  addTail,
  addLag,
  addState,
  addQuery,
  addSql,
  addExport,
  addDlq,
  addAlerts,
  addReset,
  addSchema,
  addRegistry,
  addDoctor,
];
