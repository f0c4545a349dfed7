package io.streamlocks.proof.abuse.attack;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A reader walks through all locks, page by page, 32 times at once. */
final class Lists implements Attack {

    static final String PAGE = "/v1/locks?pageSize=1000";

    private static final int CONNECTIONS = 32;
    private static final Pattern NEXT = Pattern.compile("\"nextPageToken\":\"([^\"]+)\"");

    @Override
    public void run(Target target) throws InterruptedException {
        String bearer = Requests.bearer(target.readerToken());
        Callers.run(target, CONNECTIONS, caller -> new Talk() {
            private String page = PAGE;

            @Override
            public String once(Connection connection) throws IOException {
                Connection.Answer answer = connection.exchange(Requests.get(page, bearer));
                Matcher next = NEXT.matcher(answer.body());
                if (answer.status() == 200) {
                    page = next.find() ? PAGE + "&pageToken=" + next.group(1) : PAGE;
                }
                return Integer.toString(answer.status());
            }
        });
    }
}
