/** An event to process. */
export interface Event {
  streamId: string;
  number: number;
}

/** Calls the example's stream API, which is the source and the sink of events. */
export class StreamApi {
  constructor(
    private readonly base: string,
    private readonly workerId: string,
  ) {}

  /** Returns events that are not accepted yet, in order for each stream. */
  async events(): Promise<Event[]> {
    return (await this.send('GET', '/events')) as Event[];
  }

  /** Bars all earlier holders from the stream. Returns the number of the last accepted event. */
  async open(streamId: string, fencingToken: number, signal: AbortSignal): Promise<number> {
    const opened = await this.send('POST', `/streams/${streamId}/open?${this.query(fencingToken)}`, signal);
    return (opened as { position: number }).position;
  }

  async publish(event: Event, fencingToken: number, signal: AbortSignal): Promise<void> {
    await this.send('POST', `/streams/${event.streamId}/events/${event.number}?${this.query(fencingToken)}`, signal);
  }

  private query(fencingToken: number): string {
    return `fencingToken=${fencingToken}&workerId=${this.workerId}`;
  }

  private async send(method: string, path: string, signal?: AbortSignal): Promise<unknown> {
    const timeout = AbortSignal.timeout(5000);
    const response = await fetch(this.base + path, {
      method,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const body = await response.text();
    if (!response.ok) {
      throw new Error(`the stream API returned ${response.status}: ${body}`);
    }
    return JSON.parse(body);
  }
}
