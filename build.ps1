# One entry for everyday work: ./build.ps1 [-Runtime linux-arm64] build|test|publish|package|bench|help [arguments for dotnet]
# Language and .NET methods only, no cmdlets of the PowerShell modules: the tests run it in a host that has none.
param(
    [Parameter(Position = 0)] [string] $Verb = '',
    [string] $Runtime = 'linux-x64',
    [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Arguments = @()
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$usage = @'
usage: ./build.ps1 [-Runtime linux-x64|linux-arm64] VERB [arguments for dotnet]

  build     the whole solution
  test      every test project
  publish   one self-contained native file, in artifacts/publish/EdgeProxy/release_RUNTIME
  package   .deb, .rpm, tar.gz with the software's bill of materials and checksums, in artifacts/packages
  bench     micro-benchmarks, e.g. ./build.ps1 bench --filter '*RouteTable*'
  help      this text
'@

if ($Runtime -notin @('linux-x64', 'linux-arm64')) {
    [Console]::Error.WriteLine("build.ps1: -Runtime is linux-x64 or linux-arm64, not '$Runtime'")
    exit 2
}

$root = $PSScriptRoot
$command = switch ($Verb) {
    'build'   { , @('build', [IO.Path]::Combine($root, 'EdgeProxy.sln'), '-c', 'Release') }
    'test'    { , @('test', '--solution', [IO.Path]::Combine($root, 'EdgeProxy.sln'), '-c', 'Release') }
    'publish' { , @('publish', [IO.Path]::Combine($root, 'src', 'EdgeProxy'), '-c', 'Release', '-r', $Runtime) }
    'package' {
        $packager = [IO.Path]::Combine($root, 'packaging', 'EdgeProxy.Packaging')
        , @('run', '--project', $packager, '-c', 'Release', '--', '--runtime', $Runtime)
    }
    'bench'   { , @('run', '--project', [IO.Path]::Combine($root, 'bench', 'EdgeProxy.Bench'), '-c', 'Release', '--') }
    'help'    { [Console]::Out.WriteLine($usage); exit 0 }
    default {
        if ($Verb -ne '') { [Console]::Error.WriteLine("build.ps1: there is no verb '$Verb'") }
        [Console]::Error.WriteLine($usage)
        exit 2
    }
}

$command += $Arguments
dotnet @command
exit $LASTEXITCODE
