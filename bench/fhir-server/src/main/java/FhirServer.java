import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.OptionalParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.param.DateRangeParam;
import ca.uhn.fhir.rest.param.TokenOrListParam;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.*;

/** Serves the NDJSON files of a folder on a port of loopback, twenty resources a page. */
public class FhirServer {
  /** When everything was written that has no time of its own. */
  private static final Date STARTED = new Date();

  /** Administrations, with the search that the sender makes. */
  public static class Administrations extends HashMapResourceProvider<MedicationAdministration> {
    Administrations(FhirContext context) {
      super(context, MedicationAdministration.class);
    }

    @Search
    public List<IBaseResource> changed(
        @OptionalParam(name = "status") TokenOrListParam status,
        @OptionalParam(name = "_lastUpdated") DateRangeParam updated) {
      List<IBaseResource> found = new ArrayList<>();
      for (MedicationAdministration resource : getStoredResources()) {
        Date at = resource.getMeta().getLastUpdated();
        Date from = updated == null ? null : updated.getLowerBoundAsInstant();
        if (from == null || !(at == null ? STARTED : at).before(from)) {
          found.add(resource);
        }
      }
      return found;
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    Map<String, HashMapResourceProvider> providers = new LinkedHashMap<>();
    providers.put("MedicationAdministration", new Administrations(context));
    for (Class type : List.of(Patient.class, Medication.class, MedicationRequest.class, Encounter.class,
        Organization.class, Practitioner.class, Condition.class, Substance.class)) {
      providers.put(type.getSimpleName(), new HashMapResourceProvider(context, type));
    }
    RestfulServer fhir = new RestfulServer(context);
    providers.values().forEach(fhir::registerProvider);
    fhir.setPagingProvider(new FifoMemoryPagingProvider(50).setDefaultPageSize(20).setMaximumPageSize(20));
    fhir.setDefaultResponseEncoding(EncodingEnum.JSON);
    Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    try (var files = Files.list(Path.of(arguments[1]))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        for (String line : Files.readAllLines(file)) {
          if (!line.isBlank()) {
            Resource resource = (Resource) context.newJsonParser().parseResource(line);
            providers.get(resource.fhirType()).store(resource);
          }
        }
      }
    }
    System.out.println("ready");
    server.join();
  }
}
