package no.lmr.reference;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.fhir.ucum.UcumEssenceService;
import org.hl7.fhir.r5.conformance.profile.ProfileUtilities;
import org.hl7.fhir.r5.context.ContextUtilities;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.fhirpath.FHIRPathEngine;
import org.hl7.fhir.r5.model.Base;
import org.hl7.fhir.r5.model.Parameters;
import org.hl7.fhir.r5.model.Quantity;
import org.hl7.fhir.r5.model.Resource;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.ValidatorSession;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.utilities.npm.NpmPackage;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidatorSettings;
import org.hl7.fhir.validation.ValidatorUtils;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

/** HL7's validator with the settings of its command line, without a terminology server and without a network. */
final class Engine {
  private static final String R4 = "4.0.1";

  private final SimpleWorkerContext context;

  /** Loads R4 from {@code core} (written there at the first use), then the packages in their order. */
  Engine(Path core, List<Path> packages) throws Exception {
    CorePackage.writeIfMissing(core);
    context =
        new SimpleWorkerContext.SimpleWorkerContextBuilder()
            .withAllowLoadingDuplicates(true)
            .fromPackage(NpmPackage.fromFolder(core.toString()), ValidatorUtils.loaderForVersion(R4), false);
    context.setUcumService(new UcumEssenceService(Engine.class.getClassLoader().getResourceAsStream("ucum-essence.xml")));
    context.setNoTerminologyServer(true);
    context.setCanRunWithoutTerminology(true);
    context.setCanNoTS(true);
    context.setExpansionParameters(new Parameters());
    for (Path archive : packages) {
      try (InputStream bytes = Files.newInputStream(archive)) {
        context.loadFromPackage(NpmPackage.fromPackage(bytes), ValidatorUtils.loaderForVersion(R4));
      }
    }
    for (StructureDefinition structure : new ContextUtilities(context).allStructures()) complete(structure);
  }

  /** Adds a definition given as R4 JSON. */
  void define(String json) throws IOException {
    Resource resource = ValidatorUtils.loaderForVersion(R4).loadResource(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), true);
    context.cacheResource(resource);
    if (resource instanceof StructureDefinition structure) complete(structure);
  }

  /** Validates one resource against what it says of itself and {@code profiles}. */
  List<ValidationMessage> validate(String json, List<String> profiles) throws Exception {
    InstanceValidator validator = new InstanceValidator(context, null, null, new ValidatorSession(), new ValidatorSettings());
    validator.setAllowExamples(true);
    validator.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    validator.setFetcher(new OfflineFetcher(this::knows));
    validator.setPolicyAdvisor(
        new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS, Set.of()));
    List<StructureDefinition> against = new ArrayList<>();
    for (String url : profiles) {
      StructureDefinition profile = context.fetchResource(StructureDefinition.class, url);
      if (profile == null) throw new IllegalArgumentException("unknown profile " + url);
      against.add(profile);
    }
    List<ValidationMessage> messages = new ArrayList<>();
    InputStream bytes = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
    validator.validate(null, messages, bytes, FhirFormat.JSON, against);
    return messages;
  }

  /** Evaluates an expression on a resource: type and text of each item. */
  List<String> evaluate(String json, String expression) throws Exception {
    InputStream bytes = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
    Element resource = Manager.parseSingle(context, bytes, FhirFormat.JSON);
    FHIRPathEngine engine = new FHIRPathEngine(context);
    List<String> items = new ArrayList<>();
    for (Base item : engine.evaluate(resource, expression)) {
      String text = item.isPrimitive() ? item.primitiveValue() : item instanceof Quantity ? engine.convertToString(item) : "";
      items.add(item.fhirType() + " " + (text == null ? "" : text));
    }
    return items;
  }

  private boolean knows(String url) {
    return context.fetchResource(Resource.class, url) != null || context.getNSUrlMap().containsKey(url);
  }

  private void complete(StructureDefinition structure) {
    if (structure.hasSnapshot()) return;
    StructureDefinition base = context.fetchResource(StructureDefinition.class, structure.getBaseDefinition());
    if (base == null) {
      System.err.println("no base for " + structure.getUrl());
      return;
    }
    complete(base);
    try {
      ProfileUtilities profiles = new ProfileUtilities(context, null, null);
      profiles.setAutoFixSliceNames(true);
      profiles.generateSnapshot(base, structure, structure.getUrl(), null, structure.getName());
    } catch (Exception e) {
      System.err.println("no snapshot of " + structure.getUrl() + ": " + e.getMessage());
    }
  }
}
