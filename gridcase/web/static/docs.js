// Opens the API's description in Swagger UI; no validator is asked, and no token is kept.
"use strict";
SwaggerUIBundle({
  domNode: document.getElementById("viewer"),
  url: document.getElementById("viewer").dataset.description,
  validatorUrl: null,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
