// An issuer that is not ours: oidc-provider with client credentials, private_key_jwt and DPoP, for one client.
// Arguments: port, file with the client's public JWK, client id, scope, audience, organisation number.
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, keyFile, clientId, scope, audience, organisation] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const key = JSON.parse(readFileSync(keyFile, 'utf8'));
for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) delete key[secret];

const algorithms = ['RS', 'PS', 'ES'].flatMap((family) => [256, 384, 512].map((bits) => `${family}${bits}`));

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: key.alg,
    jwks: { keys: [key] },
    dpop_bound_access_tokens: true,
    scope,
  }],
  scopes: [scope],
  clientAuthMethods: ['private_key_jwt'],
  // Those of HelseID.
  enabledJWA: { clientAuthSigningAlgValues: algorithms, dPoPSigningAlgValues: algorithms },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        scope,
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'RS256' } },
      }),
      useGrantedResource: () => true,
    },
  },
  formats: {
    customizers: {
      // HelseID's own: scopes as a list, the organisation, no subject for a machine.
      jwt(ctx, token, jwt) {
        delete jwt.payload.sub;
        jwt.payload.nbf = jwt.payload.iat;
        jwt.payload.scope = jwt.payload.scope.split(' ');
        jwt.payload['helseid://claims/client/claims/orgnr_parent'] = organisation;
        return jwt;
      },
    },
  },
  ttl: { ClientCredentials: 300 },
});
for (const event of ['server_error', 'grant.error']) {
  provider.on(event, (ctx, error) => console.error(event, error.message, error.error_description ?? ''));
}
provider.listen(Number(port), '127.0.0.1', () => console.log(`issuer at ${issuer}`));
