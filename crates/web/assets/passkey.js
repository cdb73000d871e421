// Passkeys of the console: asks the browser for one, or for a new one, and sends what it gives with the page's form.
"use strict";
{
  const form = document.getElementById("passkey-form");
  const problem = document.getElementById("passkey-problem");
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const show = (text) => {
    problem.firstElementChild.textContent = text;
    problem.hidden = false;
  };

  async function use(challenge, host) {
    const { id, response } = await navigator.credentials.get({
      publicKey: { challenge, rpId: host, userVerification: "required" },
    });
    return {
      credential: id,
      client: toText(response.clientDataJSON),
      authenticator: toText(response.authenticatorData),
      signature: toText(response.signature),
    };
  }

  async function make(challenge, host) {
    const name = form.elements.name.value.trim();
    const { response } = await navigator.credentials.create({
      publicKey: {
        challenge,
        rp: { id: host, name: document.title },
        user: { id: crypto.getRandomValues(new Uint8Array(32)), name, displayName: name },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
      },
    });
    return {
      client: toText(response.clientDataJSON),
      authenticator: toText(response.getAuthenticatorData()),
      key: toText(response.getPublicKey()),
      algorithm: response.getPublicKeyAlgorithm(),
    };
  }

  if (form && window.PublicKeyCredential && location.origin === form.dataset.origin) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      try {
        const ceremony = form.dataset.ceremony === "make" ? make : use;
        const fields = await ceremony(toBytes(form.elements.challenge.value), form.dataset.host);
        for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
        form.submit();
      } catch (error) {
        show(`${form.dataset.failed} (${error.name})`);
      }
    });
  } else if (form) {
    show(form.dataset.unable);
  }
}
