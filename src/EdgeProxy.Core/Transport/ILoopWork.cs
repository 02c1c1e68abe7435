namespace EdgeProxy.Transport;

/// <summary>Work sent to a loop from another thread.</summary>
internal interface ILoopWork
{
    void RunOn(EpollLoop loop);
}
