package no.lmr.reference;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.MetadataResource;

/** Writes the definitions of R4 that HAPI ships as the package hl7.fhir.r4.core, which the engine reads. */
final class CorePackage {
  private static final List<String> SOURCES =
      List.of(
          "profile/profiles-types",
          "profile/profiles-resources",
          "profile/profiles-others",
          "extension/extension-definitions",
          "valueset/valuesets",
          "valueset/v2-tables",
          "valueset/v3-codesystems");

  private CorePackage() {}

  static void writeIfMissing(Path root) throws IOException {
    Path folder = root.resolve("package");
    Path manifest = folder.resolve("package.json");
    if (Files.exists(manifest)) return;
    Files.createDirectories(folder);
    FhirContext hapi = FhirContext.forR4Cached();
    IParser json = hapi.newJsonParser();
    for (String source : SOURCES) {
      try (InputStream bytes = CorePackage.class.getResourceAsStream("/org/hl7/fhir/r4/model/" + source + ".xml")) {
        if (bytes == null) throw new IOException("HAPI has no " + source);
        Bundle bundle =
            hapi.newXmlParser().parseResource(Bundle.class, new InputStreamReader(bytes, StandardCharsets.UTF_8));
        for (Bundle.BundleEntryComponent entry : bundle.getEntry()) {
          if (!(entry.getResource() instanceof MetadataResource definition)) continue;
          // HAPI makes ids absolute with the bundle's URL; the package has the plain id.
          String id = definition.getIdElement().getIdPart();
          definition.setId(id);
          Files.writeString(folder.resolve(definition.fhirType() + "-" + id + ".json"), json.encodeResourceToString(definition));
        }
      }
    }
    // The manifest comes last, so that an interrupted run is repeated.
    JsonObject fields = new JsonObject();
    fields.addProperty("name", "hl7.fhir.r4.core");
    fields.addProperty("version", "4.0.1");
    fields.addProperty("type", "Core");
    fields.addProperty("canonical", "http://hl7.org/fhir");
    fields.addProperty("url", "http://hl7.org/fhir/R4");
    fields.add("fhirVersions", new com.google.gson.JsonArray());
    fields.getAsJsonArray("fhirVersions").add("4.0.1");
    fields.add("dependencies", new JsonObject());
    Path unfinished = folder.resolve("package.json.part");
    Files.writeString(unfinished, fields.toString());
    Files.move(unfinished, manifest, StandardCopyOption.ATOMIC_MOVE);
  }
}
