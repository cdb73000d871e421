package no.lmr.reference;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.utilities.SIDUtilities;

/** Resolves nothing over the network; answers which URLs count as known, as the command line's fetcher does. */
final class OfflineFetcher implements IValidatorResourceFetcher {
  private static final Set<String> ALWAYS_KNOWN =
      Set.of(
          "http://hl7.org/fhir/w5",
          "http://hl7.org/fhir/fivews",
          "http://hl7.org/fhir/workflow",
          "http://loinc.org",
          "http://unitsofmeasure.org",
          "http://snomed.info/sct");

  private final Predicate<String> known;

  OfflineFetcher(Predicate<String> known) {
    this.known = known;
  }

  @Override
  public boolean resolveURL(
      IResourceValidator validator,
      Object appContext,
      String path,
      String url,
      String type,
      boolean canonical,
      List<CanonicalType> targets) {
    boolean web = url.startsWith("http://") || url.startsWith("https://");
    if (!web || ALWAYS_KNOWN.contains(url) || known.test(url) || SIDUtilities.isKnownSID(url)) return true;
    boolean exampleHost = url.contains("example.org") || url.contains("acme.com");
    boolean absentCodeSystem = url.startsWith("http://terminology.hl7.org/") && url.contains("/CodeSystem/");
    if (exampleHost || absentCodeSystem) return false;
    return !url.startsWith("http://hl7.org/fhir") && !type.equals("canonical");
  }

  @Override
  public Element fetch(IResourceValidator validator, Object appContext, String url) {
    return null;
  }

  @Override
  public byte[] fetchRaw(IResourceValidator validator, String url) {
    throw new UnsupportedOperationException("no network");
  }

  @Override
  public IValidatorResourceFetcher setLocale(Locale locale) {
    return this;
  }

  @Override
  public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object appContext, String url) {
    return null;
  }

  @Override
  public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
    return false;
  }

  @Override
  public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(
      IResourceValidator validator, Object appContext, String url) {
    return Set.of();
  }
}
