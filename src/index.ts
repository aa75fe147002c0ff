/** jupyter-curve: private Jupyter kernels over CurveZMQ. Nothing else of the package can be imported. */

export { CurveKernelError, isCurveKernelError, type ErrorCode, type ErrorDetails } from './errors.js';

// Keys
export { Secret } from './keys/secret.js';
export { decodeZ85, encodeZ85 } from './keys/z85.js';
export {
  checkCurvePair,
  checkPublicKey,
  exposeZ85,
  generateCurvePair,
  publicKeyFromSecret,
  samePublicKey,
  secretKeyFromZ85,
  type CurvePair,
} from './keys/curve-pair.js';
export { fingerprint } from './keys/fingerprint.js';
export { readCertificateFile, writeCertificateFiles, type Certificate } from './keys/certificate-file.js';

// Messages
export type {
  Channel,
  Header,
  Json,
  JsonObject,
  Message,
  ParentHeader,
  RequestChannel,
  SocketName,
} from './protocol/message.js';
export { createMessage, PROTOCOL_VERSION, type MessageOptions, type MessageOrigin } from './protocol/create-message.js';

// Connection files
export {
  SECRET_VARIABLE,
  type ConnectionInfo,
  type CurveInfo,
  type Ports,
  type Transport,
} from './connection/connection-info.js';
export {
  parseConnectionInfo,
  readConnectionFile,
  type ReadConnectionOptions,
} from './connection/read-connection-file.js';
export {
  formatConnectionInfo,
  writeConnectionFile,
  type WriteConnectionOptions,
} from './connection/write-connection-file.js';
export { endpoint } from './connection/endpoints.js';

// Channels
export { TransportContext, type TransportContextOptions } from './transport/transport-context.js';
export { openListener } from './transport/server/open-listener.js';
export type { Listener, ListenerOptions, ReceivedMessage } from './transport/server/listener.js';
export type { ListenerEvent } from './transport/server/listener-event.js';
export type { ListenerLimits } from './transport/server/listener-limits.js';
export { openDialer, type Dialer, type DialerEvent, type DialerOptions } from './transport/client/dialer.js';
export type { PingOptions } from './transport/client/heartbeat.js';
export type { SocketSecurity } from './transport/client/connection-set.js';
export { probe, type ProbeAs, type ProbeOptions, type ProbeResult } from './transport/client/probe.js';

// Access control
export type { Access, GrantRequest, IssuedGrant, RevokeFilter, RotateOptions, Visibility } from './access/access.js';
export type { ClientInfo, GrantInfo, Peer } from './access/grants/grant-info.js';
export type { AccessDecision } from './access/policy/decide.js';
export type { AccessEvent } from './access/requests/access-event.js';

// Being a kernel
export { serveKernel, type ServeOptions } from './kernel/serve-kernel.js';
export type { Kernel, KernelEnd } from './server/kernel.js';
export type { AccessOptions } from './server/rules/access-options.js';
export type { Verify, VerifiedKey } from './server/rules/verifier.js';
export type {
  CellContext,
  CompleteReply,
  CompleteRequest,
  DisplayOptions,
  ExecuteOutcome,
  ExecuteRequest,
  InputOptions,
  InspectReply,
  InspectRequest,
  IsCompleteReply,
  Language,
  LanguageInfo,
  MimeBundle,
  PublishOptions,
} from './kernel/language.js';
export type {
  Backend,
  CloseReason,
  OpenBackend,
  Outlet,
  Request,
  ShownOutput,
  RetainPolicy,
} from './server/backend.js';
export type { ErrorReport } from './server/messages/error-report.js';
export { serveBackend, type ServeBackendOptions } from './server/serve-backend.js';
export { createTypeScriptLanguage, type TypeScriptOptions } from './typescript/typescript-language.js';

// Starting kernels and talking to them
export { jupyterPaths, type JupyterPaths, type JupyterPathsOptions } from './launch/jupyter-paths.js';
export type { PythonPrefix } from './launch/python-prefix.js';
export type { KernelSpec } from './launch/kernelspec.js';
export { findKernelSpec, findKernelSpecs, type FindKernelSpecsOptions } from './launch/find-kernelspecs.js';
export type { ManagerWarning, SecretBy, TransportEncryption } from './launch/encryption-policy.js';
export { startKernel, type StartKernelOptions } from './manager/lifecycle/start-kernel.js';
export type { AutoRestart } from './manager/lifecycle/auto-restart.js';
export type { KernelState } from './manager/lifecycle/kernel-failure.js';
export type { ManagedKernel, RestartOptions, ShutdownOptions } from './manager/lifecycle/managed-kernel.js';
export type { ManagedKernelEvents } from './manager/lifecycle/kernel-events.js';
export type { KernelSecurity } from './manager/lifecycle/kernel-run.js';
export type { ChannelSecurity } from './manager/client/kernel-channels.js';
export {
  processLauncher,
  type LaunchCommand,
  type LaunchedProcess,
  type Launcher,
  type ProcessEnd,
} from './launch/process-launcher.js';
export {
  connectServices,
  type ConnectServicesOptions,
  type LocalServices,
} from './manager/services/connect-services.js';
export { attach, type AttachedKernel, type AttachOptions } from './manager/services/attach.js';
export { openAccess, type AccessClient, type OpenAccessOptions } from './manager/client/access-client.js';
export { quietServices, type ServicesConsole } from './manager/services/quiet-services.js';

// Notebooks
export { parseNotebook, readNotebook, type ReadNotebookOptions } from './notebook/read-notebook.js';
export { writeNotebook } from './notebook/write-notebook.js';
export { formatNotebook } from './notebook/format-notebook.js';
export { injectParameters, type ParameterizedNotebook } from './notebook/inject-parameters.js';
export {
  executeNotebook,
  type ExecutedNotebook,
  type ExecuteNotebookOptions,
  type NotebookProgress,
} from './notebook/execute-notebook.js';
export type { Cell as NotebookCell, CodeCell, Notebook, Output, TextCell } from './notebook/notebook.js';
