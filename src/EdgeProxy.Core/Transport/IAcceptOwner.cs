namespace EdgeProxy.Transport;

/// <summary>Who takes the connections a loop accepts. Called on the loop that will own the link.</summary>
internal interface IAcceptOwner
{
    void OnAccepted(EpollLoop loop, ByteLink link);
}
