// Who may use each route. A route that is not listed here cannot be registered.
import { type Role } from '../domain/identity/roles.ts';
import { type Access, type AccessTable } from './plugins/authenticate.ts';

/** The role is needed for the model in the path. */
const forModel = (role: Role): Access => ({ role, scope: 'model' });

/** The role is needed for at least one model; the route shows and accepts only the caller's own models. */
const forAnyModel = (role: Role): Access => ({ role, scope: 'any model' });

/** The role is needed for all models. */
const forAllModels = (role: Role): Access => ({ role, scope: 'all models' });

/** Access of every route. Open are only those that say whether the process runs, and those with
 * which people sign in; they say nothing about models. */
export const access: AccessTable = {
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /ui/sign-in': 'open',
  'POST /ui/sign-in': 'open',
  'GET /ui/start': 'open',
  'GET /ui/callback': 'open',
  'GET /ui/assets/*': 'open',
  'POST /ui/theme': 'open',
  'GET /ui': 'signed in',
  'GET /ui/approvals': 'signed in',
  'GET /ui/live': 'signed in',
  'GET /ui/parts': 'signed in',
  'GET /ui/models/:model/reports': forModel('viewer'),
  'GET /ui/models/:model/reports/:id': forModel('viewer'),
  'GET /ui/models/:model/reports/:id/file.html': forModel('viewer'),
  'GET /ui/models/:model/reports/:id/file.md': forModel('viewer'),
  'GET /ui/models/:model/versions/:version': forModel('viewer'),
  'GET /ui/models/:model/versions/:version/card.md': forModel('viewer'),
  'GET /ui/models/:model/versions/:version/evidence.json': forModel('viewer'),
  // The page asks for the roles that the decision itself needs, so that it can say who may decide.
  'POST /ui/models/:model/versions/:version/decision': forModel('approver'),
  'POST /ui/models/:model/versions/:version/comments': forModel('viewer'),
  'POST /ui/sign-out': 'signed in',
  'POST /sign-in-links': 'signed in',
  'GET /': 'open',
  'GET /ui/docs*': 'signed in',
  'GET /docs': 'signed in',
  'GET /docs/json': 'signed in',
  'GET /serving': forAnyModel('viewer'),
  'GET /metrics': forAllModels('viewer'),
  'GET /schemas/report': forAnyModel('viewer'),
  'GET /models': forAnyModel('viewer'),
  'GET /models/:model': forModel('viewer'),
  'GET /models/:model/versions': forModel('viewer'),
  'GET /models/:model/versions/:version/card': forModel('viewer'),
  'GET /models/:model/pending': forModel('viewer'),
  'GET /models/:model/reports': forModel('viewer'),
  'GET /models/:model/reports/:id': forModel('viewer'),
  'POST /models/:model/predict': forModel('predictor'),
  'POST /models/:model/explain': forModel('predictor'),
  'POST /features/online': forAnyModel('predictor'),
  'POST /get-online-features': forAnyModel('predictor'),
  'GET /models/:model/follow': forModel('viewer'),
  'POST /models/:model/decisions': forModel('approver'),
  // The route asks for the role that the action needs.
  'POST /models/:model/grants': forModel('viewer'),
  'POST /models/:model/versions/:version/break-glass': forModel('admin'),
  'GET /models/:model/versions/:version': forModel('viewer'),
  'GET /models/:model/versions/:version/comments': forModel('viewer'),
  'POST /models/:model/versions/:version/comments': forModel('viewer'),
  'GET /models/:model/history': forModel('viewer'),
  'POST /models/:model/tags': forModel('trainer'),
  'POST /models/:model/description': forModel('trainer'),
  'POST /models/:model/aliases': forModel('trainer'),
  'POST /models/:model/versions/:version/withdraw': forModel('operator'),
  'POST /models/:model/stop': forModel('operator'),
  'POST /models/:model/start': forModel('operator'),
  'GET /floor': forAnyModel('viewer'),
  'POST /floor': forAllModels('admin'),
  'GET /definitions/waiting': forAnyModel('viewer'),
  'POST /models/:model/definitions/:version/accept': forModel('approver'),
  'POST /models/:model/definitions/:version/refuse': forModel('approver'),
  'GET /notifications': forAnyModel('viewer'),
  'GET /notifications/:id': forAnyModel('viewer'),
  'POST /notifications/:id/replay': forAllModels('admin'),
  'GET /keys': forAllModels('admin'),
  'POST /keys': forAllModels('admin'),
  'DELETE /keys/:id': forAllModels('admin'),
  'GET /roles': forAllModels('admin'),
  'POST /roles': forAllModels('admin'),
  'DELETE /roles/:id': forAllModels('admin'),
  'PUT /accounts/:account': forAllModels('admin'),
  'POST /models': forAnyModel('trainer'),
  'POST /models/:model/monitor': forModel('trainer'),
  'POST /models/:model/retrain': forModel('trainer'),
  'POST /models/:model/onnx': forModel('trainer'),
  'POST /models/:model/versions': forModel('trainer'),
  'POST /models/:model/materialize': forModel('trainer'),
  'POST /models/:model/rollback': forModel('operator'),
  'POST /models/:model/retire': forModel('operator'),
};
