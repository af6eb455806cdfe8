/**
 * A certificate that signs itself, for servers of tests on 127.0.0.1, and its key, which protects nothing.
 * Made by: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 */
export const TLS_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUK7fBmsmPmQcDrN0
1rahpz3FxAOOi3lEVIihoZ7uPS2hRANCAAQo0tLLFC4/U/Upfl5lIpvQUtNi0vlR
mQXr2PNhFbEyH2l0j8jEH0IaQte8WBfvbBjC5wKnlQCVmf2+CEVvkYVA
-----END PRIVATE KEY-----
`;

export const TLS_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUV4rcP8K+bc44UqzykSbOK/9xE0wwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzA4MzMyN1oYDzIxMjYxMTAz
MDgzMzI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQo0tLLFC4/U/Upfl5lIpvQUtNi0vlRmQXr2PNhFbEyH2l0j8jEH0Ia
Qte8WBfvbBjC5wKnlQCVmf2+CEVvkYVAo28wbTAdBgNVHQ4EFgQU+Mjy8H+Oil/3
9X1S7byPsx4q4DgwHwYDVR0jBBgwFoAU+Mjy8H+Oil/39X1S7byPsx4q4DgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIhAN4wY0J9cUOQI4vFps07VfzADIGUKMjBkD903GnNPclxAiA0
9bL1zY/RFtNywkZm/jgz3uWTi2WDgV/OPxR3VxipUg==
-----END CERTIFICATE-----
`;
