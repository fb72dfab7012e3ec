// @google-cloud/kms for Node, over gRPC and over REST: prints one line of JSON for each step, for the suite to judge.
// Arguments: `grpc` or `rest`, port, file of a service account's key, project.
import {createRequire} from 'node:module';

const require = createRequire(`${process.env.NODE_HOME}/`);
const {KeyManagementServiceClient} = require('@google-cloud/kms');
const [transport, port, keyFilename, project] = process.argv.slice(2);
const client = new KeyManagementServiceClient({
  apiEndpoint: '127.0.0.1', port: Number(port), keyFilename, projectId: project, fallback: transport === 'rest',
});
const say = (step, value) => console.log(JSON.stringify({step, value}));
const refused = async (step, call) => {
  try {
    await call();
    say(step, 'answered');
  } catch (error) {
    say(step, [error.code, error.details ?? error.message]);
  }
};

const place = client.locationPath(project, 'europe-west1');
const [ring] = await client.createKeyRing({parent: place, keyRingId: `node-${transport}`, keyRing: {}});
say('ring', ring.name);
const [key] = await client.createCryptoKey({
  parent: ring.name, cryptoKeyId: 'k', cryptoKey: {purpose: 'ENCRYPT_DECRYPT', labels: {env: 'test'}},
});
say('key', [key.name, key.purpose, key.primary.state, key.labels]);
const plaintext = Buffer.from('4111 1111');
const bound = Buffer.from('invoice 17');
const [sealed] = await client.encrypt({name: key.name, plaintext, additionalAuthenticatedData: bound});
const [opened] = await client.decrypt({
  name: key.name, ciphertext: sealed.ciphertext, additionalAuthenticatedData: bound,
});
say('opened', Buffer.from(opened.plaintext).toString());
await refused('bound to other data', () => client.decrypt({name: key.name, ciphertext: sealed.ciphertext}));
await refused('no such key', () => client.getCryptoKey({name: `${ring.name}/cryptoKeys/none`}));
const [keys] = await client.listCryptoKeys({parent: ring.name});
say('keys', keys.map(key => key.name));
const [version] = await client.createCryptoKeyVersion({parent: key.name, cryptoKeyVersion: {}});
say('version', [version.name, version.state]);
const [doomed] = await client.destroyCryptoKeyVersion({name: version.name});
say('doomed', doomed.state);
await client.close();
