using System;
using System.Globalization;
using System.Text.Json;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>
/// Reads what tells of a deployment: our own JSON, CDEvents (service.deployed and the like), GitHub's deployment_status
/// and GitLab's deployment hook. What is missing or too long is a reason, never an exception.
/// </summary>
internal static class DeploymentPayload
{
    private const string Succeeded = "succeeded";
    private const string Failed = "failed";

    /// <param name="service">Takes the place of the payload's own; empty: it has to say.</param>
    /// <param name="why">Why it is none; empty if it is good, or tells of nothing that is over.</param>
    public static Deployment? Read(ReadOnlyMemory<byte> payload, string service, DateTimeOffset now, out string why)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            return Of(document.RootElement, service, now, out why);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            why = "the body is not JSON"; // the latter is said of half of a surrogate pair
            return null;
        }
    }

    private static Deployment? Of(JsonElement root, string service, DateTimeOffset now, out string why)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            why = "the body is not a JSON object";
            return null;
        }

        Deployment? deployment = Find(root, "deployment_status") is { } status ? OfGitHub(root, status, now)
            : Text(root, "object_kind") == "deployment" ? OfGitLab(root, now)
            : Find(root, "context") is { } context ? OfCdEvents(root, context, now)
            : Own(root, now);
        why = "";
        return deployment is null ? null
            : Check(service.Length > 0 ? deployment with { Service = service } : deployment, out why);
    }

    private static Deployment Own(JsonElement root, DateTimeOffset now) => new()
    {
        Source = "api",
        Service = Text(root, "service"),
        Version = Text(root, "version"),
        Revision = Text(root, "revision") is { Length: > 0 } revision ? revision : Text(root, "commit"),
        Environment = Text(root, "environment"),
        Url = Text(root, "url"),
        Status = Text(root, "status") is { Length: > 0 } status ? status : Succeeded,
        At = Time(root, "time", now),
    };

    // docs.github.com, webhook "deployment_status"; a deployment under way is none yet.
    private static Deployment? OfGitHub(JsonElement root, JsonElement status, DateTimeOffset now)
    {
        string state = Text(status, "state");
        if (state is not ("success" or "failure" or "error"))
        {
            return null;
        }

        JsonElement? deployment = Find(root, "deployment");
        string revision = Text(deployment, "sha");
        string reference = Text(deployment, "ref");
        return new Deployment
        {
            Source = "github",
            Service = Text(Find(root, "repository"), "name"),
            Version = reference.Length > 0 ? reference : revision,
            Revision = revision,
            Environment = Text(status, "environment"),
            Url = Text(status, "log_url") is { Length: > 0 } log ? log : Text(status, "target_url"),
            Status = state == "success" ? Succeeded : Failed,
            At = Time(status, "updated_at", now),
        };
    }

    // docs.gitlab.com, "Deployment events".
    private static Deployment? OfGitLab(JsonElement root, DateTimeOffset now)
    {
        string state = Text(root, "status");
        if (state is not ("success" or "failed"))
        {
            return null;
        }

        return new Deployment
        {
            Source = "gitlab",
            Service = Text(Find(root, "project"), "name"),
            Version = Text(root, "ref"),
            Revision = Text(root, "short_sha"),
            Environment = Text(root, "environment"),
            Url = Text(root, "deployable_url"),
            Status = state == "success" ? Succeeded : Failed,
            At = Time(root, "status_changed_at", now),
        };
    }

    // cdevents/spec, continuous-deployment.md: dev.cdevents.service.deployed, upgraded, rolledback.
    private static Deployment? OfCdEvents(JsonElement root, JsonElement context, DateTimeOffset now)
    {
        string type = Text(context, "type");
        bool isDeployed = type.StartsWith("dev.cdevents.service.deployed", StringComparison.Ordinal)
            || type.StartsWith("dev.cdevents.service.upgraded", StringComparison.Ordinal)
            || type.StartsWith("dev.cdevents.service.rolledback", StringComparison.Ordinal);
        if (!isDeployed)
        {
            return null;
        }

        JsonElement? subject = Find(root, "subject");
        JsonElement? content = subject is { } known ? Find(known, "content") : null;
        string artifact = Text(content, "artifactId");
        int at = artifact.LastIndexOf('@');
        return new Deployment
        {
            Source = "cdevents",
            Service = Text(subject, "id"),
            Version = at >= 0 ? artifact[(at + 1)..] : artifact,
            Environment = content is { } body ? Text(Find(body, "environment"), "id") : "",
            Url = Text(context, "source"),
            At = Time(context, "timestamp", now),
        };
    }

    private static Deployment? Check(Deployment deployment, out string why)
    {
        why = IsText(deployment.Service) is false ? "service is missing or too long"
            : IsText(deployment.Version) is false ? "version is missing or too long"
            : deployment.Status is not (Succeeded or Failed) ? "status is succeeded or failed"
            : deployment.Revision.Length > DeploymentLimits.TextCharsMax ? "revision is too long"
            : deployment.Environment.Length > DeploymentLimits.TextCharsMax ? "environment is too long"
            : deployment.Url.Length > DeploymentLimits.UrlCharsMax ? "url is too long"
            : deployment.At == default ? "time is not as in 2026-09-01T12:00:00Z"
            : "";
        return why.Length == 0 ? deployment : null;
    }

    private static bool IsText(string text) =>
        text.Length is > 0 and <= DeploymentLimits.TextCharsMax && text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0;

    private static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found)
            && found.ValueKind == JsonValueKind.Object ? found : null;

    private static string Text(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out JsonElement found)
            && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";

    // Default for one that is no time.
    private static DateTimeOffset Time(JsonElement element, string name, DateTimeOffset now)
    {
        string text = Text(element, name);
        return text.Length == 0 ? now
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : default;
    }
}
