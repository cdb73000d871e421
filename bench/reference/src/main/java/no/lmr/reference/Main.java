package no.lmr.reference;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hl7.fhir.utilities.validation.ValidationMessage;

/**
 * Answers validation requests over a pipe: one JSON object a line in, one a line out, until the input ends.
 *
 * <pre>
 * request   {"text": "…resource as JSON…", "profiles": ["url", …]?, "definitions": ["…StructureDefinition as JSON…", …]?}
 * answer    {"issues": [{"severity", "id", "location", "text"}, …], "micros": time taken}
 *           {"exception": "…"}
 * request   {"text": "…", "expression": "…FHIRPath…"}
 * answer    {"items": ["type text", …]}
 * </pre>
 *
 * Definitions given with a request hold for that request and all that follow, so their URLs must be fresh.
 * {@code --plan FILE} instead answers a plan of bench/compare, {@code --rate FILE SECONDS} prints validations a second of one file after as long a warm-up, with memory.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    long begin = System.nanoTime();
    // The engine prints to standard output at times; only answers may go there.
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Path core = null;
    List<Path> packages = new ArrayList<>();
    Path rated = null;
    Path plan = null;
    double seconds = 0;
    for (int at = 0; at < args.length; at++) {
      switch (args[at]) {
        case "--core" -> core = Path.of(args[++at]);
        case "--package" -> packages.add(Path.of(args[++at]));
        case "--plan" -> plan = Path.of(args[++at]);
        case "--rate" -> {
          rated = Path.of(args[++at]);
          seconds = Double.parseDouble(args[++at]);
        }
        default -> throw new IllegalArgumentException("unknown argument " + args[at]);
      }
    }
    JsonObject planned = plan == null ? null : new Gson().fromJson(Files.readString(plan), JsonObject.class);
    if (planned != null) for (String archive : texts(planned, "archives")) packages.add(Path.of(archive));
    if (core == null) throw new IllegalArgumentException("--core FOLDER is missing");
    Engine engine = new Engine(core, packages);
    double start = (System.nanoTime() - begin) / 1e9;
    if (rated != null) {
      rate(engine, Files.readString(rated), seconds, start, answers);
      return;
    }
    if (planned != null) {
      answers.println(compare(engine, planned, start));
      return;
    }
    JsonObject ready = new JsonObject();
    ready.addProperty("ready", start);
    answers.println(ready);
    serve(engine, answers);
  }

  private static void serve(Engine engine, PrintStream answers) throws Exception {
    Gson gson = new Gson();
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = requests.readLine()) != null; ) {
      JsonObject answer = new JsonObject();
      try {
        JsonObject request = gson.fromJson(line, JsonObject.class);
        for (String definition : texts(request, "definitions")) engine.define(definition);
        if (request.has("expression")) {
          JsonArray items = new JsonArray();
          engine.evaluate(request.get("text").getAsString(), request.get("expression").getAsString()).forEach(items::add);
          answer.add("items", items);
          answers.println(gson.toJson(answer));
          continue;
        }
        long begin = System.nanoTime();
        List<ValidationMessage> messages = engine.validate(request.get("text").getAsString(), texts(request, "profiles"));
        answer.addProperty("micros", (System.nanoTime() - begin) / 1000);
        answer.add("issues", issues(messages));
      } catch (Throwable e) {
        answer.addProperty("exception", e.toString());
      }
      answers.println(gson.toJson(answer));
    }
  }

  private static JsonArray issues(List<ValidationMessage> messages) {
    JsonArray issues = new JsonArray();
    for (ValidationMessage message : messages) {
      JsonObject issue = new JsonObject();
      issue.addProperty("severity", message.getLevel().toCode());
      issue.addProperty("id", message.getMessageId());
      issue.addProperty("location", message.getLocation());
      issue.addProperty("text", message.getMessage());
      issues.add(issue);
    }
    return issues;
  }

  private static List<String> texts(JsonObject request, String member) {
    List<String> found = new ArrayList<>();
    if (request.has(member)) request.getAsJsonArray(member).forEach(item -> found.add(item.getAsString()));
    return found;
  }

  private static void rate(Engine engine, String text, double seconds, double start, PrintStream out) throws Exception {
    long first = System.nanoTime();
    engine.validate(text, List.of());
    double firstSeconds = (System.nanoTime() - first) / 1e9;
    repeat(engine, List.of(text), seconds);
    double rate = repeat(engine, List.of(text), seconds);
    JsonObject figures = new JsonObject();
    figures.addProperty("start_seconds", start);
    figures.addProperty("first_seconds", firstSeconds);
    figures.addProperty("per_second", rate);
    figures.addProperty("peak_kb", peakKilobytes());
    out.println(figures);
  }

  /** What bench/compare asks of every engine: errors by file, then speed on some of the files. */
  private static JsonObject compare(Engine engine, JsonObject plan, double start) throws Exception {
    JsonArray cases = new JsonArray();
    for (String file : texts(plan, "cases")) {
      JsonArray errors = new JsonArray();
      for (ValidationMessage message : engine.validate(Files.readString(Path.of(file)), List.of())) {
        if (message.getLevel().isError()) errors.add(message.getLocation() + ": " + message.getMessage());
      }
      JsonObject found = new JsonObject();
      found.addProperty("file", file);
      found.add("whole", errors);
      found.add("entries", new JsonArray());
      cases.add(found);
    }
    List<String> speed = new ArrayList<>();
    for (String file : texts(plan, "speed")) speed.add(Files.readString(Path.of(file)));
    double seconds = plan.get("seconds").getAsDouble();
    repeat(engine, speed, seconds);
    JsonObject rate = new JsonObject();
    rate.addProperty("way", "whole");
    rate.addProperty("files_per_second", repeat(engine, speed, seconds));
    JsonArray rates = new JsonArray();
    rates.add(rate);
    JsonObject report = new JsonObject();
    report.addProperty("engine", "HL7 validator (HAPI 8.8.1), warm");
    report.addProperty("load_seconds", start);
    report.add("cases", cases);
    report.add("speed", rates);
    report.addProperty("resident_bytes", peakKilobytes() * 1024);
    return report;
  }

  private static long peakKilobytes() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status")))
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D+", ""));
    return 0;
  }

  /** Validations of these texts in turn, for each second that the process has a processor. */
  private static double repeat(Engine engine, List<String> texts, double seconds) throws Exception {
    long begin = System.nanoTime();
    long used = processorNanos();
    int count = 0;
    while (System.nanoTime() - begin < seconds * 1e9) {
      engine.validate(texts.get(count % texts.size()), List.of());
      count++;
    }
    return count / ((processorNanos() - used) / 1e9);
  }

  /** Collector and compiler included. */
  private static long processorNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }
}
