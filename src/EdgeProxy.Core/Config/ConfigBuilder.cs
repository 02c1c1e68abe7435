using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Ai;
using EdgeProxy.Audit;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Pipeline;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config;

/// <summary>From document to settings: every table by its declaration, then what they say of each other.</summary>
internal sealed class ConfigBuilder
{
    private readonly TomlTable _root;
    private readonly ConfigFaults _faults;
    private readonly ReadingContext _context;

    private ConfigBuilder(TomlTable root, ReadingContext context)
    {
        _root = root;
        _faults = context.Faults;
        _context = context;
    }

    /// <summary>Complete only if no fault was reported; Hash and Files are for the caller to add.</summary>
    public static ProxySettings Build(
        TomlTable root,
        ConfigEnvironment environment,
        string? credentialsFolder,
        SideFiles files,
        ConfigFaults faults)
    {
        var context = new ReadingContext(faults, new Placeholders(environment, credentialsFolder), files);
        return new ConfigBuilder(root, context).Build(environment);
    }

    private ProxySettings Build(ConfigEnvironment environment)
    {
        var top = new TableScope(_root, "", RootTable.Declaration, _context);
        _ = RootTable.ReadCredentialsFolder(top);

        NodeSettings node = NodeTable.Parse(Section(NodeTable.Declaration), environment);
        LogSettings log = LogTable.Parse(Section(LogTable.Declaration));
        AdminSettings admin = AdminTable.Parse(Section(AdminTable.Declaration));

        _context.Root = _root;
        _context.StateFolder = node.StateFolder;
        TableScope tls = Section(TlsTable.Declaration);
        _context.Certificates = TlsTable.Parse(tls);
        Dictionary<string, TlsOptionDocument> tlsOptions = ReadTlsOptions(tls);

        TomlTable entryPointNames = SectionTable(EntryPointTable.Declaration);
        TomlTable serviceNames = SectionTable(ServiceTable.Declaration);
        List<PlacedEntryPoint> entryPoints = ReadEntryPoints(entryPointNames);
        List<ServiceSettings> services = ReadServices(
            serviceNames, out List<ComposedDocument> composed, out List<AiServiceDocument> aiServices);
        List<RouterDocument> routers = ReadRouters();
        _context.Consumers = ConsumerTable.ParseAll(
            Named(SectionTable(ConsumerTable.Declaration), ConsumerTable.Declaration));
        List<MiddlewareDocument> middlewares = ReadMiddlewares();
        AiSettings ai = ReadAi(aiServices, services);
        var middlewareNames = new MiddlewareNames(_faults, middlewares);
        middlewareNames.CheckChains();
        HashSet<string> aiNames = [.. aiServices.ConvertAll(static document => document.Name)];
        new ServiceNames(_faults, serviceNames, services, composed, aiNames).Check();
        var checks = new CrossChecks(_faults, entryPointNames, serviceNames, middlewareNames);
        checks.EntryPoints(entryPoints, admin);
        var entryPointChecks = new EntryPointChecks(_faults, entryPointNames, entryPoints, middlewareNames);
        entryPoints = entryPointChecks.Complete();
        checks.Mentioned(_context.MentionedServices, services);
        AuditSettings? audit = ReadAudit();
        List<RouterSettings> resolved = new AuditReading(_faults, audit, ai, composed)
            .Complete(checks.Routers(routers, entryPointChecks), routers);
        var tlsChecks = new TlsOptionChecks(_faults, tlsOptions, routers);
        resolved = tlsChecks.Complete(resolved, entryPoints);
        entryPoints = tlsChecks.Complete(entryPoints, resolved);
        AiReading.CheckRules(_faults, routers, resolved, aiNames);
        List<MiddlewareSettings> steps = SettingsOf(middlewares);
        entryPointChecks.AddRedirects(resolved, steps);
        checks.ClientCertificates(routers, resolved, entryPoints, steps);
        new GuardReading(_faults, ai, composed, steps).Check(resolved, routers);
        return new ProxySettings
        {
            Hash = "",
            Files = [],
            Node = node,
            Log = log,
            Admin = admin,
            EntryPoints = entryPoints.ConvertAll(static placed => placed.Settings),
            Routers = resolved,
            Middlewares = steps,
            Services = services,
            Composed = composed.ConvertAll(static document => document.Settings),
            ConsumerNames = [.. _context.Consumers.Select(static consumer => consumer.Name)],
            Ai = ai,
            Telemetry = ReadTelemetry(),
            Audit = audit,
        };
    }

    private Dictionary<string, TlsOptionDocument> ReadTlsOptions(TableScope scope)
    {
        var options = new Dictionary<string, TlsOptionDocument>();
        if (scope.TryFind(TlsOptionTable.Declaration.Name, out TomlEntry entry))
        {
            if (entry.Value is TomlTable tables)
            {
                foreach ((string name, TableScope table) in
                    Named(tables, TlsOptionTable.Declaration, $"{TlsTable.Declaration.Name}."))
                {
                    options.Add(name, TlsOptionTable.Parse(name, table));
                }
            }
            else
            {
                scope.Report(entry.Value, entry.Key, $"is {entry.Value.Describe()}; write a table [tls.options.NAME]");
            }
        }

        return options;
    }

    private AuditSettings? ReadAudit() =>
        _root.TryFind(AuditTable.Declaration.Name, out _)
            ? AuditTable.Parse(Section(AuditTable.Declaration))
            : null;

    private List<PlacedEntryPoint> ReadEntryPoints(TomlTable names)
    {
        var entryPoints = new List<PlacedEntryPoint>();
        foreach ((string name, TableScope scope) in Named(names, EntryPointTable.Declaration))
        {
            if (EntryPointTable.Parse(name, scope) is { } entryPoint)
            {
                entryPoints.Add(entryPoint);
            }
        }

        return entryPoints;
    }

    private List<RouterDocument> ReadRouters()
    {
        var routers = new List<RouterDocument>();
        foreach ((string name, TableScope scope) in
            Named(SectionTable(RouterTable.Declaration), RouterTable.Declaration))
        {
            routers.Add(RouterTable.Parse(name, scope));
        }

        return routers;
    }

    private List<MiddlewareDocument> ReadMiddlewares()
    {
        var middlewares = new List<MiddlewareDocument>();
        foreach ((string name, TableScope scope) in
            Named(SectionTable(MiddlewareTable.Declaration), MiddlewareTable.Declaration))
        {
            middlewares.Add(MiddlewareTable.Parse(name, scope));
        }

        return middlewares;
    }

    private TelemetrySettings ReadTelemetry()
    {
        TelemetrySettings telemetry = TelemetryTable.Parse(Section(TelemetryTable.Declaration));
        AccessLogSettings? log = AccessLogTable.Parse(
            Section(AccessLogTable.Declaration), hasCollector: telemetry.Otlp is { SendsLogs: true });
        return telemetry with { AccessLog = log };
    }

    private AiSettings ReadAi(List<AiServiceDocument> services, List<ServiceSettings> others)
    {
        TableScope scope = Section(AiTable.Declaration);
        var reading = new AiReading(_faults);
        if (scope.TryFind(AiProviderTable.Declaration.Name, out TomlEntry entry))
        {
            if (entry.Value is TomlTable providers)
            {
                reading.ReadProviders(Named(providers, AiProviderTable.Declaration, $"{AiTable.Declaration.Name}."));
            }
            else
            {
                scope.Report(entry.Value, entry.Key, $"is {entry.Value.Describe()}; write a table [ai.providers.NAME]");
            }
        }

        foreach (ProviderSettings provider in reading.Providers)
        {
            others.Add(provider.Service);
        }

        AiSettings ai = reading.Complete(AiTable.ReadBufferBytes(scope), services, _context.Consumers);
        var plans = new List<PlanDocument>();
        foreach ((string name, TableScope plan) in Named(SectionTable(PlanTable.Declaration), PlanTable.Declaration))
        {
            plans.Add(PlanTable.Parse(name, plan));
        }

        return new PlanReading(_faults, ai, plans).Complete(
            _context.Consumers, SectionTable(ConsumerTable.Declaration), services);
    }

    private List<ServiceSettings> ReadServices(
        TomlTable names, out List<ComposedDocument> composed, out List<AiServiceDocument> aiServices)
    {
        var services = new List<ServiceSettings>();
        composed = [];
        aiServices = [];
        foreach ((string name, TableScope scope) in Named(names, ServiceTable.Declaration))
        {
            if (ComposedTable.Parse(name, scope) is { } document)
            {
                composed.Add(document);
            }
            else if (AiServiceTable.Parse(name, scope) is { } ai)
            {
                aiServices.Add(ai);
            }
            else if (ServiceTable.Parse(name, scope) is { } settings)
            {
                services.Add(settings);
            }
        }

        return services;
    }

    private static List<MiddlewareSettings> SettingsOf(List<MiddlewareDocument> documents)
    {
        var settings = new List<MiddlewareSettings>(documents.Count);
        foreach (MiddlewareDocument document in documents)
        {
            if (document.Settings is { } complete)
            {
                settings.Add(complete);
            }
        }

        return settings;
    }

    private TableScope Section(TableDeclaration declaration) =>
        new(SectionTable(declaration), declaration.Name, declaration, _context);

    // An absent table is an empty one: its keys have their defaults.
    private TomlTable SectionTable(TableDeclaration declaration)
    {
        if (_root.TryFind(declaration.Name, out TomlEntry entry))
        {
            if (entry.Value is TomlTable table)
            {
                return table;
            }

            string write = declaration.IsNamed ? $"[{declaration.Name}.NAME]" : $"[{declaration.Name}]";
            _faults.Add(entry.Value, declaration.Name, $"is {entry.Value.Describe()}; write a table {write}");
            return new TomlTable(_root.Source, 1, 1, 0, TomlTableOrigin.Inline); // its absence is reported already
        }

        return new TomlTable(_root.Source, 1, 1, 0, TomlTableOrigin.Implicit);
    }

    private IEnumerable<(string Name, TableScope Scope)> Named(
        TomlTable section, TableDeclaration declaration, string above = "")
    {
        string sectionName = above + declaration.Name;
        foreach (TomlEntry entry in section.Entries)
        {
            string path = $"{sectionName}.{ConfigText.Key(entry.Key)}";
            if (!NameText.IsName(entry.Key))
            {
                _faults.Add(entry.Source, entry.Line, entry.Column, path, $"is not a name; {NameText.Accepts}");
            }
            else if (entry.Value is TomlTable table)
            {
                yield return (entry.Key, new TableScope(table, path, declaration, _context));
            }
            else
            {
                _faults.Add(entry.Value, path, $"is {entry.Value.Describe()}; write a table [{sectionName}.NAME]");
            }
        }
    }
}
