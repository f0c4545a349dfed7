/** An event to process. */
export interface Event {
  streamId: string;
  number: number;
}

/** The calls to the example's stream API: where events come from, and where they are published. */
export class StreamApi {
  constructor(
    private readonly base: string,
    private readonly workerId: string,
  ) {}

  /** Events that are not accepted yet, each stream's in order. */
  async events(): Promise<Event[]> {
    return (await this.send('GET', '/events')) as Event[];
  }

  /** Bars all holders before this one from the stream. Answers the number of the last event that was accepted. */
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
      throw new Error(`the stream API answered ${response.status}: ${body}`);
    }
    return JSON.parse(body);
  }
}
