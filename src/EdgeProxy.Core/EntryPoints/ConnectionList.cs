namespace EdgeProxy.EntryPoints;

/// <summary>The open connections of one entrypoint on one loop, linked through the connections themselves.</summary>
internal sealed class ConnectionList
{
    public ClientConnection? First { get; private set; }

    public void Add(ClientConnection connection)
    {
        connection.NextInList = First;
        if (First is not null)
        {
            First.PreviousInList = connection;
        }

        First = connection;
    }

    public void Remove(ClientConnection connection)
    {
        if (connection.PreviousInList is null)
        {
            First = connection.NextInList;
        }
        else
        {
            connection.PreviousInList.NextInList = connection.NextInList;
        }

        if (connection.NextInList is not null)
        {
            connection.NextInList.PreviousInList = connection.PreviousInList;
        }

        connection.NextInList = null;
        connection.PreviousInList = null;
    }
}
