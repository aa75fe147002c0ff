// A session of our manager whose every kind of content carries a mark: the twin of marked_session.py.
// Usage: marked-session.mjs KERNEL POLICY MARK
import { connectServices, quietServices } from 'jupyter-curve';

const [kernelName, policy, mark] = process.argv.slice(2);
const code = {
  typescript: `
// ${mark}-code
console.log('${mark}-' + 'stdout');
console.log((await input('${mark}-' + 'prompt')).length);
display(html('<i>${mark}-' + 'display</i>'));
'${mark}-' + 'result'
`,
  python3: `
# ${mark}-code
from IPython.display import HTML, display
print('${mark}-' + 'stdout')
print(len(input('${mark}-' + 'prompt')))
display(HTML('<i>${mark}-' + 'display</i>'))
'${mark}-' + 'result'
`,
}[kernelName];

quietServices(console);
const services = await connectServices({ transportEncryption: policy, onWarning: () => undefined });
try {
  const kernel = await services.kernels.startNew({ name: kernelName });
  const future = kernel.requestExecute({ code, allow_stdin: true });
  future.onStdin = ({ header, parent_header: parent }) => {
    if (header.msg_type === 'input_request') future.sendInputReply({ status: 'ok', value: `${mark}-stdin` }, parent);
  };
  const { content } = await future.done;
  if (content.status !== 'ok') throw new Error(JSON.stringify(content));
} finally {
  await services.close();
}
