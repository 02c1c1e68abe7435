using System;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <summary>A provider, ready to be asked.</summary>
internal sealed class Provider
{
    private static readonly FieldName Authorization = FieldName.Of("Authorization");
    private static readonly FieldName AnthropicKey = FieldName.Of("x-api-key");

    private readonly byte[] _name;
    private readonly byte[] _basePath;
    private readonly byte[] _credential;

    public Provider(ProviderSettings settings, Service service)
    {
        Settings = settings;
        Service = service;
        _name = Encoding.UTF8.GetBytes(settings.Name);
        _basePath = Encoding.ASCII.GetBytes(settings.BasePath);
        bool isAnthropic = settings.Kind == ProviderKind.Anthropic;
        CredentialField = isAnthropic ? AnthropicKey : Authorization;
        _credential = settings.ApiKey.Length == 0 ? []
            : Encoding.ASCII.GetBytes((isAnthropic ? "" : "Bearer ") + settings.ApiKey);
    }

    public ProviderSettings Settings { get; }

    public Service Service { get; }

    public ReadOnlySpan<byte> BasePath => _basePath;

    public ReadOnlySpan<byte> NameBytes => _name;

    public FieldName CredentialField { get; }

    /// <summary>Empty if the provider wants none.</summary>
    public ReadOnlySpan<byte> Credential => _credential;
}

/// <summary>A model at a provider, as a name of a service stands for it.</summary>
internal sealed class ModelTarget(Provider provider, ModelSettings settings, TokenMetrics metrics, TargetPause pause)
{
    private readonly byte[] _quoted = Quoted(settings.Model);

    private readonly byte[] _model = Encoding.UTF8.GetBytes(settings.Model);

    public Provider Provider { get; } = provider;

    /// <summary>The provider's name for it, as configured; a * in it is what the client's name had there.</summary>
    public ReadOnlySpan<byte> ModelBytes => _model;

    public TokenMetrics Metrics { get; } = metrics;

    /// <summary>What its provider asks for it; null if that is not said.</summary>
    public ModelPrice? Price { get; } = PriceOf(provider.Settings, settings);

    public TargetPause Pause { get; } = pause;

    /// <summary>The provider knows it by the name the client used.</summary>
    public bool IsAsAsked { get; } = settings.Model.Length == 0;

    public int Priority { get; } = settings.Priority;

    public int Weight { get; } = settings.Weight;

    /// <summary>What becomes of what its dialect has nothing for; null: as the service says.</summary>
    public OnUnsupported? OnUnsupported { get; } = settings.OnUnsupported;

    /// <summary>Tokens it has room for; 0 if that is not known.</summary>
    public int ContextTokensMax => settings.ContextTokensMax;

    /// <summary>It has room for so many tokens, or that is not known.</summary>
    public bool Fits(long tokens) => settings.ContextTokensMax == 0 || tokens <= settings.ContextTokensMax;

    /// <summary>The provider's name for it as a JSON string; the rest is what the pattern's * stood for.</summary>
    public ReadOnlySpan<byte> NameFor(ReadOnlySpan<byte> rest) =>
        settings.Model.Contains('*') ? Quoted(settings.Model.Replace("*", Encoding.UTF8.GetString(rest))) : _quoted;

    /// <summary>Names it at its provider, as far as the configuration does.</summary>
    public string Key { get; } = KeyOf(settings);

    public static string KeyOf(ModelSettings settings) =>
        settings.Model.Length > 0 ? settings.Model : settings.Name;

    /// <summary>The first of the provider's prices that is about all that the target may be.</summary>
    public static ModelPrice? PriceOf(ProviderSettings provider, ModelSettings model)
    {
        string name = KeyOf(model);
        bool isMany = name.Contains('*');
        string beginning = isMany ? name[..name.IndexOf('*', StringComparison.Ordinal)] : name;
        foreach (PriceSettings price in provider.Prices)
        {
            bool isAll = price.Model.EndsWith('*');
            bool isAbout = isAll
                ? beginning.StartsWith(price.Model[..^1], StringComparison.Ordinal)
                : !isMany && price.Model == name;
            if (isAbout)
            {
                return new ModelPrice(price);
            }
        }

        return null;
    }

    private static byte[] Quoted(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes,
            (byte)'"'];
}

/// <summary>A name clients may ask for, and what it stands for.</summary>
internal sealed class ModelEntry(NamePattern name, ModelTarget[] targets)
{
    public NamePattern Name { get; } = name;

    /// <summary>Never empty.</summary>
    public ModelTarget[] Targets { get; } = targets;

    /// <summary>Some have room for less than others may: how long a call is decides between them.</summary>
    public bool HasWindows { get; } = Array.Exists(targets, static target => !target.Fits(long.MaxValue));
}
